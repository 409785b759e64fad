"""
A context of a kubeconfig as the description of a cluster.

The official client's `KubeConfigLoader` is not used: it writes keys to temporary files.

Laws:
1. Data wins over files (`client-certificate-data` over `client-certificate`), as in client-go;
   `tokenFile` wins over `token`; a token or password wins over an exec plugin.
2. Certificates and keys are read into memory and written nowhere.

Upstream: k8s.io/client-go/tools/clientcmd/client_config.go and validation.go.
"""

from __future__ import annotations

import base64
import binascii
from pathlib import Path
from typing import Any

from kubefedctl.cluster.access import (
    Access,
    ClientCertificate,
    Credential,
    CredentialSource,
    Impersonation,
    StaticCredentials,
)
from kubefedctl.cluster.credentials import PluginCredentials, TokenFile, check_token
from kubefedctl.cluster.execplugin import API_VERSIONS, ExecPlugin
from kubefedctl.cluster.kubeconfig import Entry, Kubeconfig
from kubefedctl.errors import KubeconfigError
from kubefedctl.model.clusters import Endpoint
from kubefedctl.model.objects import text_at, value_at
from kubefedctl.model.refs import Object

_EXEC_EXTENSION = "client.authentication.k8s.io/exec"
_MOST_NAMES = 10


def find_context(config: Kubeconfig, name: str) -> Entry:
    """
    Return the context *name*, or the current one where *name* is empty.

    Raises:
        KubeconfigError: There is none; the hint lists those there are.
    """
    wanted = name or config.current_context
    if not wanted:
        raise KubeconfigError(
            f"no current context is set in {config.place}", hint=_list_contexts(config)
        )
    found = config.contexts.get(wanted)
    if found is None:
        which = "context" if name else "current context"
        raise KubeconfigError(
            f"{which} {wanted} does not exist in {config.place}", hint=_list_contexts(config)
        )
    return found


def resolve_context(config: Kubeconfig, name: str) -> Access:
    """
    Return how the context *name* (empty: the current one) reaches its cluster.

    Raises:
        KubeconfigError: The context, its cluster or its user is missing or cannot be used.
    """
    context = find_context(config, name)
    cluster = _find(config.clusters, context, "cluster")
    user = _find(config.users, context, "user") if context.text("user") else None
    endpoint = _read_endpoint(cluster, context)
    credentials: CredentialSource = StaticCredentials()
    if user is not None:
        credentials = _read_credentials(user, cluster, endpoint)
    return Access(
        name=context.name,
        endpoint=endpoint,
        credentials=credentials,
        impersonation=_read_impersonation(user) if user is not None else Impersonation(),
        asks_compression=not cluster.flag("disable-compression"),
    )


def _list_contexts(config: Kubeconfig) -> str:
    names = sorted(config.contexts)
    if not names:
        return "name a kubeconfig with --kubeconfig or $KUBECONFIG"
    shown = ", ".join(names[:_MOST_NAMES])
    return f"contexts there: {shown}" + (", ..." if len(names) > _MOST_NAMES else "")


def _find(entries: Any, context: Entry, kind: str) -> Entry:
    name = context.text(kind)
    if not name:
        raise KubeconfigError(f"{context.where()} names no {kind}")
    found: Entry | None = entries.get(name)
    if found is None:
        raise KubeconfigError(
            f"{context.where(kind)}: {kind} {name} does not exist",
            hint=f"add the {kind}, or use another context",
        )
    return found


def _read_endpoint(cluster: Entry, context: Entry) -> Endpoint:
    server = cluster.text("server")
    if not server:
        raise KubeconfigError(
            f"{cluster.where('server')} is missing", hint="set it to https://HOST:PORT"
        )
    return Endpoint(
        server=server,
        ca_data=_read_bytes(cluster, "certificate-authority"),
        insecure=cluster.flag("insecure-skip-tls-verify"),
        proxy_url=cluster.text("proxy-url"),
        tls_server_name=cluster.text("tls-server-name"),
        namespace=context.text("namespace"),
        user=context.text("user"),
    )


def _read_bytes(entry: Entry, name: str) -> bytes:
    """The content of *name*`-data`, or of the file that *name* names."""
    field = f"{name}-data"
    encoded = entry.text(field)
    if encoded:
        try:
            return base64.b64decode("".join(encoded.split()), validate=True)
        except (binascii.Error, ValueError):
            # NB: not chained, the text may be a key
            raise KubeconfigError(
                f"{entry.where(field)} is not base64", hint="set it to the base64 form of the PEM"
            ) from None
    path = entry.text(name)
    return _read_file(entry, name, entry.resolve(path)) if path else b""


def _read_file(entry: Entry, name: str, path: Path) -> bytes:
    try:
        return path.read_bytes()
    except (OSError, ValueError) as error:
        reason = str(getattr(error, "strerror", None) or "not a path").lower()
        raise KubeconfigError(
            f"{entry.where(name)}: cannot read {path}: {reason}",
            hint="check the path; a relative one starts at the folder of the kubeconfig",
        ) from error


def _read_certificate(user: Entry) -> ClientCertificate | None:
    certificate = _read_bytes(user, "client-certificate")
    key = _read_bytes(user, "client-key")
    if bool(certificate) != bool(key):
        there, missing = ("client-certificate", "client-key")
        if key:
            there, missing = missing, there
        raise KubeconfigError(
            f"{user.where()}: it has {there} but no {missing}", hint="set both or neither"
        )
    return ClientCertificate(certificate, key) if certificate else None


def _read_credentials(user: Entry, cluster: Entry, endpoint: Endpoint) -> CredentialSource:
    if user.mapping("auth-provider") is not None:
        provider = user.text("auth-provider", "name")
        raise KubeconfigError(
            f"{user.where('auth-provider')}: {provider or 'this kind of login'} is not supported",
            hint="use the exec plugin that took its place, such as gke-gcloud-auth-plugin, "
            "kubelogin or oidc-login",
        )
    certificate = _read_certificate(user)
    token, username = user.text("token"), user.text("username")
    token_file = user.text("tokenFile")
    if (token or token_file) and username:
        raise KubeconfigError(
            f"{user.where()}: it has a token and a username", hint="keep one of the two"
        )
    if token_file:
        return TokenFile(user.resolve(token_file), user.where("tokenFile"), certificate=certificate)
    if token or username or user.mapping("exec") is None:
        return StaticCredentials(
            Credential(
                token=check_token(token.strip(), user.where("token")),
                username=username,
                password=user.text("password"),
                certificate=certificate,
            )
        )
    return PluginCredentials(_read_plugin(user, cluster, endpoint), certificate=certificate)


def _read_plugin(user: Entry, cluster: Entry, endpoint: Endpoint) -> ExecPlugin:
    api_version = user.text("exec", "apiVersion")
    if api_version not in API_VERSIONS:
        raise KubeconfigError(
            f"{user.where('exec', 'apiVersion')} is not one of {', '.join(API_VERSIONS)}",
            hint="install a newer version of the plugin and write its kubeconfig anew",
        )
    command = user.text("exec", "command")
    if not command:
        raise KubeconfigError(f"{user.where('exec', 'command')} is missing")
    if user.text("exec", "interactiveMode") == "Always":
        raise KubeconfigError(
            f"{user.where('exec', 'interactiveMode')} is Always, but there is no terminal for it",
            hint="log in with the plugin first and set it to IfAvailable or Never",
        )
    arguments = user.items("exec", "args")
    if not all(isinstance(argument, str) for argument in arguments):
        raise KubeconfigError(
            f"{user.where('exec', 'args')} is not a list of text", hint="quote the values"
        )
    wants_cluster = user.flag("exec", "provideClusterInfo")
    return ExecPlugin(
        where=user.where("exec"),
        api_version=api_version,
        command=str(user.resolve(command)) if "/" in command else command,
        arguments=tuple(arguments),
        environment=tuple(_read_environment(user)),
        install_hint=user.text("exec", "installHint"),
        cluster=_describe_cluster(cluster, endpoint) if wants_cluster else None,
    )


def _read_environment(user: Entry) -> list[tuple[str, str]]:
    variables: list[tuple[str, str]] = []
    for number, row in enumerate(user.items("exec", "env")):
        name, value = value_at(row, "name"), value_at(row, "value")
        if not isinstance(name, str) or not isinstance(value, str | None):
            raise KubeconfigError(
                f"{user.where('exec', f'env[{number}]')} has no text as name and value",
                hint="quote the values",
            )
        variables.append((name, value or ""))
    return variables


def _describe_cluster(cluster: Entry, endpoint: Endpoint) -> Object:
    described: Object = {"server": endpoint.server}
    if endpoint.tls_server_name:
        described["tls-server-name"] = endpoint.tls_server_name
    if endpoint.insecure:
        described["insecure-skip-tls-verify"] = True
    if endpoint.ca_data:
        described["certificate-authority-data"] = base64.b64encode(endpoint.ca_data).decode()
    if endpoint.proxy_url:
        described["proxy-url"] = endpoint.proxy_url
    if cluster.flag("disable-compression"):
        described["disable-compression"] = True
    for extension in cluster.items("extensions"):
        if text_at(extension, "name") == _EXEC_EXTENSION:
            described["config"] = value_at(extension, "extension")
    return described


def _read_impersonation(user: Entry) -> Impersonation:
    name, uid = user.text("as"), user.text("as-uid")
    groups = user.items("as-groups")
    extra: list[tuple[str, str]] = []
    for key, values in (user.mapping("as-user-extra") or {}).items():
        for value in values if isinstance(values, list) else [None]:
            if not isinstance(value, str):
                raise KubeconfigError(f"{user.where('as-user-extra', key)} is not a list of text")
            extra.append((key, value))
    if not all(isinstance(group, str) for group in groups):
        raise KubeconfigError(
            f"{user.where('as-groups')} is not a list of text", hint="quote the values"
        )
    if (groups or uid or extra) and not name:
        raise KubeconfigError(
            f"{user.where('as')} is missing, but other impersonation is set", hint="set as"
        )
    return Impersonation(name, uid, tuple(groups), tuple(extra))
