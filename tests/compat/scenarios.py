"""
The 80 acceptance scenarios of KubeFed's command line, and the tests that hold them.

A scenario is one sentence of what a user of KubeFed may rely on, with the number by which it is
known. Where kubefedctl departs from the original, the tests assert what kubefedctl does, and
`departs` names the section of docs/compatibility.md that says so.

Laws:
1. Numbers are 1 to 80, each once.
2. Every named test exists, in the file that is named.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scenario:
    """
    One scenario.

    Args:
        number: Its number.
        title: What it is about.
        tests: The tests that hold it, as `file::function` below the folder `tests`.
        departs: The section of docs/compatibility.md that tells how kubefedctl differs here.
    """

    number: int
    title: str
    tests: tuple[str, ...]
    departs: str = ""

    @property
    def label(self) -> str:
        """How the scenario is called in reports."""
        return f"S10-{self.number:02}"


_FILES = {
    "app": "cli/test_app.py",
    "check": "core/test_checking.py",
    "cli-federate": "cli/test_federate.py",
    "cli-enable": "cli/test_enable.py",
    "cli-join": "cli/test_join.py",
    "configuring": "core/test_configuring.py",
    "disable": "ops/test_disable.py",
    "enable": "ops/test_enable.py",
    "enabling": "core/test_enabling.py",
    "federate": "ops/test_federate.py",
    "federating": "core/test_federating.py",
    "golden-enable": "compat/test_enable.py",
    "golden-federate": "compat/test_federate.py",
    "golden-join": "compat/test_join.py",
    "installing": "core/test_installing.py",
    "join": "ops/test_join.py",
    "joining": "core/test_joining.py",
    "kubeconfig": "cluster/test_kubeconfig.py",
    "lookup": "core/test_lookup.py",
    "new-join": "compat/test_scenarios_join.py",
    "new-types": "compat/test_scenarios_types.py",
    "orphaning": "ops/test_orphaning.py",
    "cli-orphaning": "cli/test_orphaning.py",
    "rejoin": "ops/test_rejoin.py",
    "trouble": "e2e/test_trouble.py",
    "unjoin": "ops/test_unjoin.py",
    "version": "cli/test_version.py",
    "webhook": "contract/test_webhook_checks.py",
    "wiring": "cli/test_wiring.py",
}
"""Short names of test files, as the table below uses them."""

_ALL, _JOIN, _UNJOIN = "All commands", "join", "unjoin"
_ENABLE, _DISABLE, _FEDERATE = "enable", "disable", "federate"
_INIT = "init"

# fmt: off
_TABLE: tuple[tuple[int, str, str, str], ...] = (
    # --- parsing and output
    (1, "no arguments are help", "app:help_lists_every_command", ""),
    (2, "unknown flags and commands", "app:usage_error_is_code_two_on_stderr", _ALL),
    (3, "version is one line", "version:version_is_one_line", _ALL),
    (4, "join without a name", "cli-join:join_without_a_name_is_a_usage_error", ""),
    (5, "host names with a slash or colon",
     "joining:join_names_impossible_host_is_refused_naming_the_flag "
     "join:join_impossible_names_ask_nobody", ""),
    (6, "host context with a colon",
     "new-join:host_context_that_is_no_name_is_turned_into_one"
     " new-join:host_context_with_a_host_name_is_joined_by_that", _JOIN),
    (7, "current context that is no host name",
     "new-join:host_context_that_is_no_name_is_turned_into_one", _JOIN),
    (8, "unknown context",
     "join:join_impossible_names_ask_nobody "
     "trouble:unknown_host_context_names_the_known_ones "
     "new-join:unknown_cluster_context_is_named_and_nothing_is_written", ""),
    (9, "missing kubeconfig",
     "kubeconfig:explicit_file_that_is_missing_fails_by_name "
     "wiring:kubeconfig_that_cannot_be_used_is_one_line", ""),
    (10, "errors without stacks", "trouble:wrong_input_is_one_error_line_with_its_code", _ALL),
    # --- join
    (11, "join in scope Cluster",
     "join:join_writes_member_then_host join:join_records_endpoint_token_and_health "
     "golden-join:join_roles_in_cluster_scope_are_the_recorded_ones "
     "golden-join:join_kubefed_cluster_is_the_recorded_one", ""),
    (12, "join in scope Namespaced",
     "join:join_namespaced_scope_gives_no_wide_rights "
     "joining:make_roles_namespaced_scope_grants_the_namespace_and_a_health_check", ""),
    (13, "no KubeFedConfig", "join:join_without_control_plane_touches_no_member", ""),
    (14, "no CRDs", "new-join:host_without_crds_is_told_and_the_member_is_untouched", ""),
    (15, "join dry run",
     "new-join:kubefed_cluster_of_a_bare_endpoint_has_the_secret_that_was_given "
     "join:join_dry_run_checks_and_writes_nothing", ""),
    (16, "join dry run with a proxy", "new-join:kubefed_cluster_has_the_proxy_of_the_member", ""),
    (17, "service account exists", "join:join_something_there_is_refused_before_any_write", ""),
    (18, "join again", "rejoin:join_twice_is_refused", ""),
    (19, "join again, same token", "rejoin:join_again_with_the_same_secret_rewrites_nothing", ""),
    (20, "join again, new token", "rejoin:join_again_with_a_rotated_token_renews_the_secret", ""),
    (21, "join again without --secret-name",
     "rejoin:join_again_without_a_secret_name_drops_the_former_secret", _JOIN),
    (22, "host Secret exists",
     "join:join_something_there_is_refused_before_any_write "
     "join:join_something_made_meanwhile_is_refused", ""),
    (23, "binding to another role",
     "rejoin:join_again_binding_to_another_role_is_replaced "
     "rejoin:join_again_renews_rules_and_subjects", ""),
    (24, "KubeFedCluster exists", "join:join_something_there_is_refused_before_any_write", _JOIN),
    (25, "labels of a KubeFedCluster", "rejoin:join_again_keeps_labels_and_renews_the_spec", ""),
    (26, "CA data in the kubeconfig",
     "joining:make_kubefed_cluster_records_how_the_member_is_reached", ""),
    (27, "CA file in the kubeconfig",
     "kubeconfig:data_wins_over_files kubeconfig:endpoint_holds_what_join_records "
     "joining:make_kubefed_cluster_records_how_the_member_is_reached", _JOIN),
    (28, "no CA anywhere",
     "new-join:kubefed_cluster_of_a_bare_endpoint_has_the_secret_that_was_given", ""),
    (29, "insecure member", "joining:make_kubefed_cluster_records_how_the_member_is_reached", ""),
    (30, "token comes late or never",
     "new-join:token_that_comes_late_is_waited_for "
     "join:join_token_never_comes_times_out_and_the_next_join_goes_on", ""),
    (31, "explicit token Secret",
     "golden-join:join_token_secret_is_the_recorded_one_before_its_controller_fills_it", ""),
    (32, "another Secret of the account first",
     "new-join:token_secret_is_chosen_beside_other_secrets_of_the_account", ""),
    (33, "namespace there, none may be made",
     "new-join:namespace_that_is_there_is_used_by_who_may_make_none "
     "join:join_namespace_there_is_used", ""),
    (34, "host joins itself", "join:join_host_to_itself_works", ""),
    (35, "role is forbidden", "join:join_write_refused_ends_there_and_the_next_join_goes_on", ""),
    (36, "webhook denies", "new-join:refusal_of_a_webhook_reaches_the_user", ""),
    (37, "another KubeFed namespace",
     "join:join_another_kubefed_namespace_is_used_on_both_sides", ""),
    # --- unjoin
    (38, "unjoin a member", "unjoin:unjoin_takes_away_what_join_made", _UNJOIN),
    (39, "unjoin the host", "unjoin:unjoin_host_keeps_its_namespace", ""),
    (40, "unjoin twice", "unjoin:unjoin_twice_reports_not_joined", _UNJOIN),
    (41, "leftovers", "unjoin:unjoin_partial_leftovers_are_no_error", _UNJOIN),
    (42, "member's context is missing",
     "unjoin:unjoin_context_missing_leaves_the_host_alone "
     "unjoin:unjoin_context_missing_with_force_cleans_the_host", ""),
    (43, "member refuses a deletion",
     "unjoin:unjoin_member_refuses_stops_there "
     "unjoin:unjoin_member_refuses_with_force_goes_on", ""),
    (44, "unjoin dry run", "unjoin:unjoin_dry_run_tells_and_deletes_nothing", ""),
    (45, "join, unjoin, join",
     "unjoin:unjoin_and_join_again_works "
     "join:join_member_namespace_terminating_is_refused", _JOIN),
    # --- enable and disable
    (46, "all names of a type",
     "enable:enable_every_name_of_a_type_means_the_same "
     "lookup:find_type_known_name_finds_its_type", ""),
    (47, "core group wins", "lookup:find_type_known_name_finds_its_type", ""),
    (48, "ambiguous plural", "lookup:find_type_several_groups_lists_the_candidates", ""),
    (49, "unknown type", "lookup:find_type_unknown_name_is_refused_with_a_hint", ""),
    (50, "broken APIService", "enable:enable_type_found_though_discovery_has_gaps_warns", ""),
    (51, "the chart's ten types",
     "new-types:directive_of_a_chart_type_gives_what_init_installs "
     "golden-enable:default_types_are_the_ten_of_the_chart "
     "golden-enable:init_default_type_equals_the_recorded_objects", ""),
    (52, "retainReplicas, short names, scope",
     "enable:enable_retains_replicas_of_scalable_types_alone "
     "enable:enable_namespaces_federated_type_is_namespaced "
     "golden-enable:enable_type_makes_the_recorded_objects", ""),
    (53, "target without schema properties",
     "enable:enable_type_of_a_crd_without_schema_still_has_a_template", _ENABLE),
    (54, "custom types", "new-types:custom_type_is_propagated_and_orphaned", ""),
    (55, "enable again", "enable:enable_again_says_updated_and_keeps_status_collection", _ENABLE),
    (56, "another federated group", "enable:enable_with_another_federated_group_is_refused", ""),
    (57, "equivalent types",
     "enabling:check_can_enable_equivalent_version_is_refused "
     "enabling:check_can_enable_unrelated_group_is_not_equivalent", _ENABLE),
    (58, "same plural of another group",
     "enable:enable_same_plural_of_another_group_is_refused "
     "enabling:check_can_enable_crd_in_another_group_is_allowed", ""),
    (59, "directive files",
     "cli-enable:enable_file_is_a_directive enabling:parse_directive_unusable_is_refused "
     "cli-enable:enable_wrong_usage_is_code_two", _ENABLE),
    (60, "KubeFed namespace is missing",
     "enable:enable_without_kubefed_namespace_is_no_control_plane "
     "enable:enable_dry_run_tells_the_same_and_writes_nothing", ""),
    (61, "new version of a custom type",
     "new-types:type_config_follows_a_new_version_of_its_target", _ENABLE),
    (62, "disable",
     "disable:disable_waits_for_a_controller_that_runs "
     "disable:disable_with_a_controller_that_does_not_stop_says_how_to_go_on "
     "disable:disable_without_controller_says_itself_that_it_is_stopped", _DISABLE),
    (63, "disable --delete-crd",
     "disable:disable_with_crd_refuses_while_federated_objects_exist "
     "disable:disable_with_crd_deletes_it_before_the_type_config "
     "disable:disable_of_a_missing_type_config_is_a_note "
     "new-types:disable_by_full_name_works_when_the_target_is_gone "
     "new-types:disable_version_without_delete_crd_is_refused", _DISABLE),
    # --- federate and orphaning
    (64, "federate one object",
     "federate:federate_makes_the_federated_object_beside_the_target "
     "golden-federate:federate_object_makes_the_recorded_object", ""),
    (65, "federate a namespace with its contents",
     "new-types:namespace_with_contents_is_federated_first"
     " federate:federate_contents_namespace_comes_first "
     "federate:federate_contents_skips_types_by_any_name", _FEDERATE),
    (66, "federate files",
     "federate:federate_documents_asks_nobody "
     "cli-federate:federate_file_prints_its_federated_form "
     "federating:make_guessed_federated_namespace_is_what_the_file_says "
     "golden-federate:federate_file_makes_the_recorded_object", _FEDERATE),
    (67, "metadata is stripped",
     "federating:make_federated_labels_are_kept_and_other_metadata_is_not "
     "federate:federate_annotations_are_dropped_with_a_warning", _FEDERATE),
    (68, "fields of the own cluster",
     "federating:make_federated_kind_loses_what_its_own_cluster_gave", _FEDERATE),
    (69, "type is not enabled",
     "federate:federate_type_not_enabled_is_refused_with_the_way_out "
     "federate:federate_enables_the_type_first "
     "federate:federate_type_enabled_just_now_may_be_served_late "
     "federate:federate_output_yaml_needs_no_kubefed "
     "cli-federate:federate_wrong_usage_is_code_two", ""),
    (70, "federate again",
     "federate:federate_again_from_another_template_is_refused"
     " federate:federate_again_is_unchanged", _FEDERATE),
    (71, "--contents of something else",
     "federate:federate_contents_of_something_else_than_a_namespace_is_refused", ""),
    (72, "what --contents leaves out",
     "federate:federate_contents_names_that_are_no_dns_names_are_skipped "
     "federate:federate_contents_leaves_out_what_is_nobody_s_template "
     "federate:federate_contents_skips_whole_groups", ""),
    (73, "orphaning-deletion",
     "orphaning:change_twice_writes_once "
     "orphaning:status_is_enabled_for_the_text_true_only "
     "orphaning:change_of_what_is_not_federated_warns_and_goes_on "
     "orphaning:namespace_is_default_where_nothing_says_otherwise "
     "cli-orphaning:orphaning_is_silent_and_status_is_one_word", ""),
    # --- validation and defaults
    (74, "defaults of KubeFedConfig",
     "webhook:config_with_gaps_comes_back_filled webhook:config_keeps_what_a_user_set "
     "configuring:parse_federation_config_gaps_have_kubefeds_defaults "
     "installing:update_object_users_config_is_kept_and_filled", _INIT),
    (75, "checks of KubeFedConfig",
     "check:check_config_names_what_the_webhook_refuses "
     "webhook:scope_of_a_config_cannot_be_changed", _INIT),
    (76, "apiEndpoint", "check:check_cluster_names_what_the_webhook_refuses", ""),
    (77, "proxyURL", "check:check_cluster_names_what_the_webhook_refuses", ""),
    (78, "disabledTLSValidations", "check:check_cluster_names_what_the_webhook_refuses", ""),
    (79, "type configs", "check:check_type_config_names_what_the_webhook_refuses", _INIT),
    (80, "the API server refuses and takes",
     "webhook:cases_of_the_webhook_are_judged_alike "
     "webhook:invalid_update_and_patch_are_refused "
     "webhook:status_writes_are_judged_as_the_webhook_did", _INIT),
)
# fmt: on


def _expand(short: str) -> str:
    file, _, test = short.partition(":")
    return f"{_FILES[file]}::test_{test}"


SCENARIOS = tuple(
    Scenario(number, title, tuple(map(_expand, tests.split())), departs)
    for number, title, tests, departs in _TABLE
)
"""All scenarios, in their order."""
