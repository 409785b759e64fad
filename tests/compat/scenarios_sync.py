"""
The acceptance scenarios S01 to S103 of a sync, and the tests that hold them.

A scenario is one sentence of what KubeFed's controllers did, or of what one run must do in their
place, with the number by which it is known. Where kubefedctl departs from KubeFed, the tests assert
what kubefedctl does, and `departs` names the section of docs/compatibility.md that says so.

Laws:
1. Numbers are 1 to 103, each once.
2. Every named test exists, in the file that is named; one that begins with `=` is a function of
   the file's list SCENARIOS, which its tests run on the sandbox and on real control planes.
"""

from __future__ import annotations

from tests.compat.scenarios import Scenario

_FILES = {
    "alone": "e2e/test_sync_alone.py",
    "announcing": "core/test_announcing.py",
    "applying": "core/test_applying.py",
    "cli": "cli/test_sync.py",
    "configuring": "core/test_configuring.py",
    "check": "core/test_checking.py",
    "deletion": "e2e/test_deletion.py",
    "events": "e2e/test_events.py",
    "execution": "ops/test_execution.py",
    "going": "e2e/test_sync_deletion.py",
    "halted": "ops/test_sync_halted.py",
    "health": "core/test_health.py",
    "job": "e2e/test_main_job.py",
    "locking": "ops/test_locking.py",
    "takeover": "compat/test_takeover.py",
    "lock": "ops/test_sync_lock.py",
    "members": "e2e/test_sync_members.py",
    "metadata": "core/test_members.py",
    "new-types": "compat/test_scenarios_types.py",
    "overrides": "core/test_overrides.py",
    "placement": "core/test_placement.py",
    "places": "e2e/test_sync_placement.py",
    "planning": "core/test_planning.py",
    "probing": "ops/test_probing.py",
    "reading": "ops/test_reading.py",
    "recording": "ops/test_recording.py",
    "removing": "core/test_removing.py",
    "reporting": "core/test_reporting.py",
    "rescheduling": "core/test_rescheduling.py",
    "rsp": "ops/test_rescheduling.py",
    "rsp-trouble": "ops/test_rescheduling_trouble.py",
    "retention": "core/test_retention.py",
    "scheduling": "core/test_scheduling.py",
    "selectors": "core/test_selectors.py",
    "statuses": "e2e/test_statuses.py",
    "sync": "ops/test_sync.py",
    "sync-trouble": "ops/test_sync_trouble.py",
    "templates": "core/test_templates.py",
    "trouble": "e2e/test_trouble.py",
    "types": "ops/test_sync_types.py",
    "versions": "core/test_versions.py",
    "webhook": "contract/test_webhook_checks.py",
}
"""Short names of test files, as the table below uses them."""

_SYNC = "sync, instead of controllers"

# fmt: off
_TABLE: tuple[tuple[int, str, str, str], ...] = (
    # --- placement
    (1, "clusters beats selector", "placement:selected_names_by_placement", ""),
    (2, "nothing given",
     "placement:selected_names_by_placement reporting:next_status_of_changed_outcomes", ""),
    (3, "an empty list beats the selector", "placement:selected_names_by_placement", ""),
    (4, "an empty selector is everything", "placement:selected_names_by_placement", ""),
    (5, "labels", "placement:selected_names_by_placement", ""),
    (6, "clusters null is absent", "placement:selected_names_by_placement", ""),
    (7, "matchExpressions",
     "selectors:selector_matches_as_the_api_machinery_does "
     "selectors:selector_that_cannot_be_is_refused_with_its_cause "
     "planning:plan_placement_that_cannot_be_computed_touches_no_member "
     "reporting:next_status_of_changed_outcomes", ""),
    (8, "unknown names", "places:=unknown_cluster_is_left_out", _SYNC),
    (9, "the namespace narrows", "places:=namespace_narrows_what_is_in_it", ""),
    (10, "the namespace shrinks", "places:=namespace_narrows_what_is_in_it", ""),
    (11, "the namespace grows back", "places:=namespace_narrows_what_is_in_it", ""),
    (12, "NamespaceNotFederated", "places:=namespace_that_is_not_federated_holds_nothing", ""),
    (13, "a namespace is un-federated",
     "places:=unfederated_namespace_takes_its_objects_along "
     "places:=unfederated_namespace_is_told_while_something_holds_its_objects "
     "planning:plan_contents_leave_in_the_run_that_finalizes_their_namespace", _SYNC),
    (14, "scope Namespaced needs no FederatedNamespace",
     "job:=namespaced_scope_federates_the_kubefed_namespace_alone "
     "planning:plan_namespaced_scope_needs_no_federated_namespace", ""),
    (15, "scope Namespaced with an empty FederatedNamespace",
     "alone:namespaced_scope_is_narrowed_and_knows_no_cluster_scoped_types", ""),
    (16, "scope Namespaced and cluster-scoped types",
     "alone:namespaced_scope_is_narrowed_and_knows_no_cluster_scoped_types", ""),
    (17, "a FederatedNamespace of the wrong name",
     "places:=misnamed_federated_namespace_counts_for_nothing", ""),
    (18, "system namespaces", "places:=system_namespace_is_left_alone", ""),
    (19, "not ready and selected",
     "trouble:member_that_is_down_stops_no_other "
     "reporting:next_status_of_changed_outcomes", ""),
    (20, "not ready and not selected",
     "alone:member_that_was_down_is_cleaned_when_it_is_back", ""),
    (21, "not registered any more",
     "places:=cluster_that_is_not_registered_any_more_keeps_its_objects", ""),
    (22, "no type config for namespaces",
     "alone:type_without_namespaces_type_config_is_told "
     "reading:synced_types_without_namespaces_only_cluster_scoped_ones_are", ""),
    # --- create, update, adopt
    (23, "each default type", "members:=every_kind_reaches_every_cluster", ""),
    (24, "custom types",
     "members:=every_kind_reaches_every_cluster "
     "members:=list_in_a_custom_object_is_overridden", ""),
    (25, "metadata is forced", "templates:make_draft_forces_identity_upon_the_template", _SYNC),
    (26, "apiVersion",
     "templates:make_draft_forces_identity_upon_the_template "
     "templates:finish_draft_overrides_the_api_version "
     "execution:create_template_of_another_version_is_written_there", ""),
    (27, "annotations and finalizers of templates",
     "members:=annotations_are_added_and_removed_by_overrides "
     "templates:make_draft_drops_what_members_own_with_a_warning", _SYNC),
    (28, "labels by override", "members:=overridden_labels_are_just_those", ""),
    (29, "the second run", "members:=second_run_writes_nothing", ""),
    (30, "drift with a generation", "members:=edits_in_a_member_are_undone", _SYNC),
    (31, "drift of labels", "members:=edits_in_a_member_are_undone", _SYNC),
    (32, "drift without a generation",
     "members:=edits_in_a_member_are_undone sync:sync_drift_in_a_member_is_put_right", _SYNC),
    (33, "an override for one touches all",
     "planning:plan_recorded_version_does_not_hold_and_object_is_updated "
     "alone:override_for_one_cluster_is_a_write_to_all", ""),
    (34, "adoption", "members:=object_that_stood_there_is_adopted", _SYNC),
    (35, "adoption is disabled",
     "members:=adoption_can_be_forbidden_but_for_the_host_s_namespace", ""),
    (36, "the host's namespace is adopted",
     "members:=adoption_can_be_forbidden_but_for_the_host_s_namespace", ""),
    (37, "managed: false", "members:=object_labelled_false_is_left_alone", ""),
    (38, "unlabelled is never deleted", "members:=unlabelled_object_is_never_deleted", ""),
    (39, "orphans lose the label", "members:=labelled_object_of_nobody_loses_the_label", ""),
    (40, "immutable fields",
     "members:=immutable_field_is_told_and_nothing_is_made_anew", _SYNC),
    (41, "conflicts",
     "execution:update_conflict_is_computed_anew_from_what_stands_there "
     "execution:update_conflicts_without_end_are_given_up", ""),
    (42, "no template", "members:=template_may_be_missing", ""),
    (43, "a namespace and what is in it",
     "job:=federate_and_sync_brings_the_deployment_everywhere", ""),
    (44, "a member lacks an API",
     "alone:member_without_the_type_stops_no_other "
     "planning:plan_one_member_lacks_a_type_and_the_others_go_on", _SYNC),
    # --- overrides
    (45, "all or nothing",
     "trouble:override_that_does_not_fit_is_told_and_leaves_members_alone "
     "overrides:apply_overrides_failing_leaves_the_object_and_the_values_alone", ""),
    (46, "duplicates",
     "overrides:parse_overrides_refuses_with_cluster_and_cause "
     "planning:plan_body_that_cannot_be_made_settles_with_its_status "
     "events:events_on_the_sandbox events:events_on_real_control_planes", ""),
    (47, "forbidden paths", "overrides:parse_overrides_refuses_with_cluster_and_cause", ""),
    (48, "annotations added, then removed",
     "members:=annotations_are_added_and_removed_by_overrides "
     "overrides:apply_overrides_in_order_each_sees_the_one_before", ""),
    (49, "every row of the table",
     "overrides:apply_overrides_that_fit_change_the_object "
     "overrides:apply_overrides_that_do_not_fit_raises", _SYNC),
    (50, "the label cannot be overridden", "members:=overridden_labels_are_just_those", ""),
    (51, "overrides of others",
     "overrides:overrides_of_cluster_without_entry_are_none "
     "planning:plan_override_for_another_cluster_changes_nothing_here", ""),
    # --- retention
    (52, "replicas not retained", "members:=replicas_are_the_member_s_if_asked", ""),
    (53, "replicas retained", "members:=replicas_are_the_member_s_if_asked", ""),
    (54, "replicas retained and overridden", "members:=replicas_are_the_member_s_if_asked", ""),
    (55, "healthCheckNodePort",
     "retention:retain_fields_of_service_keeps_what_was_allocated "
     "retention:retain_fields_with_impossible_types_raises", ""),
    (56, "clusterIP",
     "members:=what_members_allocate_is_kept "
     "retention:retain_fields_of_service_keeps_what_was_allocated "
     "retention:retain_fields_with_impossible_types_raises", ""),
    (57, "nodePort",
     "members:=what_members_allocate_is_kept "
     "retention:retain_fields_of_service_keeps_node_ports", _SYNC),
    (58, "Secrets of a ServiceAccount",
     "members:=what_members_allocate_is_kept "
     "retention:retain_fields_of_service_account_keeps_secrets", ""),
    (59, "annotations and finalizers of members",
     "members:=object_that_stood_there_is_adopted", ""),
    # --- deletion
    (60, "deletion removes everywhere",
     "going:=deleted_object_goes_everywhere_with_its_versions", ""),
    (61, "removal by placement", "going:=object_leaves_the_cluster_that_placement_drops", ""),
    (62, "orphaning", "going:=orphaned_objects_stay_without_the_label", _SYNC),
    (63, "delete options",
     "deletion:=delete_options_orphan_the_dependents "
     "deletion:=delete_options_that_are_no_json_delete_nothing "
     "going:=object_leaves_the_cluster_that_placement_drops "
     "removing:deletion_options_of_the_annotation_are_sent", ""),
    (64, "the host's namespace", "going:=host_s_namespace_is_only_unlabelled", ""),
    (65, "the host's namespace is deleted",
     "deletion:=host_namespace_that_is_deleted_finishes_after_the_run", ""),
    (66, "a finalizer in a member",
     "deletion:=finalizer_in_a_member_holds_the_deletion "
     "trouble:object_held_by_a_finalizer_times_out_and_is_finished_later", _SYNC),
    (67, "a member that cannot be asked",
     "deletion:dead_member_is_recorded_and_the_deletion_finished_later "
     "deletion:dead_member_that_never_had_it_holds_up_nothing", _SYNC),
    (68, "no finalizer of KubeFed's", "going:=terminating_object_of_others_is_left_alone", ""),
    (69, "an unlabelled object of the same name",
     "members:=unlabelled_object_is_never_deleted", ""),
    (70, "propagation is disabled",
     "places:=disabled_type_is_left_as_it_is "
     "types:sync_disabled_type_says_not_running_and_touches_nothing_else", ""),
    # --- status
    (71, "the first pass", "reporting:next_status_of_changed_outcomes", _SYNC),
    (72, "a stable pass", "reporting:next_status_of_unchanged_outcomes_is_none", ""),
    (73, "clusters come, go and change", "reporting:next_status_of_changed_outcomes", ""),
    (74, "the generation alone", "reporting:next_status_of_changed_outcomes", ""),
    (75, "the reason changes", "reporting:next_status_of_changed_outcomes", ""),
    (76, "remote statuses are compared", "reporting:next_status_with_collected_statuses", _SYNC),
    (77, "numbers", "reporting:next_status_with_collected_statuses", ""),
    (78, "remote statuses", "statuses:=remote_statuses_equal_the_members", ""),
    (79, "FederatedServiceStatus", "statuses:=service_statuses_are_gathered", ""),
    (80, "the generation that was propagated",
     "recording:record_status_names_the_generation_that_was_read", _SYNC),
    # --- clusters, type configs, configuration
    (81, "health",
     "health:next_cluster_status_of_first_probe "
     "probing:probe_members_that_cannot_be_asked_are_malformed "
     "trouble:unusable_registration_is_malformed_and_stops_no_other", _SYNC),
    (82, "thresholds",
     "probing:probe_not_ok_is_tried_as_often_as_the_threshold_says "
     "probing:probe_second_attempt_succeeds_is_ready "
     "health:next_cluster_status_transition_time", _SYNC),
    (83, "type configs are held and observed",
     "statuses:=types_are_held_observed_and_let_go "
     "new-types:type_config_follows_a_new_version_of_its_target", ""),
    (84, "type configs are let go", "statuses:=types_are_held_observed_and_let_go", ""),
    (85, "the KubeFedConfig",
     "configuring:parse_federation_config_gaps_have_kubefeds_defaults "
     "configuring:parse_federation_config_impossible_value_names_its_field "
     "check:check_config_names_what_the_webhook_refuses "
     "reading:read_config_absent_is_no_control_plane", ""),
    (86, "a rotated token", "trouble:token_that_no_longer_counts_makes_its_member_not_ready "
     "statuses:=rotated_token_is_used_by_the_next_sync", ""),
    # --- ReplicaSchedulingPreferences
    (87, "no preferences", "rsp:sync_follows_a_preference_in_the_same_run", ""),
    (88, "weights", "rsp:sync_follows_a_preference_in_the_same_run", ""),
    (89, "minimums", "rsp:sync_follows_a_preference_in_the_same_run", ""),
    (90, "intersection",
     "rsp:sync_with_intersection_looks_at_the_selectors "
     "rescheduling:choose_candidates_that_intersect_match_both_selectors", ""),
    (91, "no intersection",
     "rsp:sync_without_intersection_writes_the_list_over_the_selector "
     "rescheduling:choose_candidates_usually_are_all_clusters", ""),
    (92, "the second run", "rsp:sync_second_run_writes_nothing", ""),
    (93, "other overrides",
     "rsp:sync_keeps_other_overrides_in_their_order "
     "rescheduling:rewrite_spec_changes_replicas_alone", ""),
    (94, "the planner's tables",
     "scheduling:tables_are_whole scheduling:schedule_is_kubefeds "
     "scheduling:schedule_is_that_of_the_slow_planner", ""),
    (95, "no target", "rsp:sync_warns_of_a_preference_without_target", ""),
    (96, "no replicas",
     "rsp:sync_follows_a_preference_in_the_same_run "
     "rescheduling:rewrite_spec_of_a_bare_object_sets_both", ""),
    (97, "overflow",
     "scheduling:schedule_overflow_comes_on_top "
     "rsp-trouble:sync_that_rebalances_asks_for_the_overflow_on_top", ""),
    # --- version objects
    (98, "version objects", "members:=version_objects_are_kept_up_to_date", ""),
    # --- one run
    (99, "dry run",
     "members:=dry_run_writes_nothing trouble:dry_run_writes_nothing_and_tells_the_same", ""),
    (100, "killed anywhere",
     "trouble:sync_killed_at_any_write_is_completed_by_the_next_one "
     "halted:sync_killed_at_every_write_is_completed_by_the_next", ""),
    (101, "two runs at once",
     "locking:take_held_by_another_sync_is_refused_with_how_to_wait "
     "locking:take_race_for_the_lease_that_is_lost_writes_nothing", _SYNC),
    (102, "a live controller-manager",
     "lock:sync_beside_a_controller_manager_writes_nothing_anywhere "
     "takeover:sync_beside_the_controllers_is_refused", _SYNC),
    (103, "a member that hangs", "trouble:member_that_hangs_stops_no_other", ""),
)
# fmt: on


def _expand(short: str) -> str:
    file, _, test = short.partition(":")
    name = test.removeprefix("=") if test.startswith("=") else f"test_{test}"
    return f"{_FILES[file]}::{name}"


SYNC_SCENARIOS = tuple(
    Scenario(number, title, tuple(map(_expand, tests.split())), departs)
    for number, title, tests, departs in _TABLE
)
"""All scenarios, in their order."""
