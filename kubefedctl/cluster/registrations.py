"""
A registered member cluster as the description of how to reach it.

Upstream: pkg/controller/util/cluster_util.go, BuildClusterConfig and customizeTLSTransport
@ v0.10.0. Unlike there, `proxyURL` counts beside `disabledTLSValidations`, and an empty
`caBundle` means the system's trust in every case.
"""

from __future__ import annotations

from enum import StrEnum

from kubefedctl.cluster.access import Access, Credential, Origin, StaticCredentials
from kubefedctl.cluster.credentials import check_token
from kubefedctl.errors import InputError, KubeconfigError
from kubefedctl.model.clusters import Endpoint, MemberAccess, Registration


class TlsValidation(StrEnum):
    """What `spec.disabledTLSValidations` can switch off."""

    ALL = "*"
    SUBJECT_NAME = "SubjectName"
    VALIDITY_PERIOD = "ValidityPeriod"


def resolve_registration(member: MemberAccess) -> Access:
    """
    Return how the member cluster *member* is reached.

    Raises:
        InputError: The KubeFedCluster lacks its endpoint, names an unknown TLS validation, or its
            Secret holds no usable token.
    """
    registration = member.registration
    subject = f"KubeFedCluster {registration.name}"
    if not registration.api_endpoint:
        raise InputError(
            f"{subject}: spec.apiEndpoint is missing", hint="set it, or join the cluster again"
        )
    disabled = _check_disabled(registration, subject)
    if not member.token:
        secret = registration.secret_name or "that spec.secretRef.name should name"
        raise InputError(
            f"{subject}: the Secret {secret} holds no token", hint="join the cluster again"
        )
    return Access(
        name=registration.name,
        endpoint=Endpoint(
            server=registration.api_endpoint,
            ca_data=registration.ca_bundle,
            insecure=TlsValidation.ALL in disabled,
            proxy_url=registration.proxy_url,
        ),
        credentials=StaticCredentials(Credential(token=_check_token(member, subject))),
        origin=Origin.REGISTRATION,
        checks_name=TlsValidation.SUBJECT_NAME not in disabled,
        checks_validity_period=TlsValidation.VALIDITY_PERIOD not in disabled,
    )


def _check_token(member: MemberAccess, subject: str) -> str:
    try:
        return check_token(member.token.strip(), f"{subject}: Secret")
    except KubeconfigError as error:
        raise InputError(error.message, hint="join the cluster again") from error


def _check_disabled(registration: Registration, subject: str) -> frozenset[str]:
    disabled = frozenset(registration.disabled_tls_validations)
    known = [validation.value for validation in TlsValidation]
    unknown = sorted(disabled - set(known))
    if unknown:
        raise InputError(
            f"{subject}: spec.disabledTLSValidations: {unknown[0]} is unknown",
            hint=f"use {', '.join(known)}",
        )
    if TlsValidation.ALL in disabled and len(disabled) > 1:
        raise InputError(
            f"{subject}: spec.disabledTLSValidations: * stands beside others",
            hint="keep * alone, or only the others",
        )
    return disabled
