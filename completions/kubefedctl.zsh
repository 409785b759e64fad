#compdef kubefedctl

_kubefedctl_completion() {
  eval $(env _TYPER_COMPLETE_ARGS="${words[1,$CURRENT]}" _KUBEFEDCTL_COMPLETE=complete_zsh kubefedctl)
}

compdef _kubefedctl_completion kubefedctl
