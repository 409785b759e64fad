"""
What the fields of KubeFed's own objects may hold, as schemas: one table for server and program.

Here: the blocks that `definitions` builds its CRDs from where a field is more than text, and the
CEL rules between fields. The API server judges by them; `checking` reads the same schemas. Not
here: which field gets which block (`definitions`).

Laws:
1. What plain schema can say (enum, pattern, minimum, list map, default) it says; CEL comes on top,
   for relations between fields and for words that a person can read. API servers before 1.25 drop
   CEL without a word and still refuse by the rest.
2. Patterns mean the same to Go's regular expressions and to Python's `re.fullmatch`: they begin
   with `^(`, end with `)$`, and hold no quote.
3. A text, list or map that a CEL rule reads is bounded, so that the rule stays within the API
   server's cost budget.

Upstream: pkg/apis/core/v1beta1/validation/validation.go @ v0.10.0, the rules of KubeFed's webhook.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from kubefedctl.core.structures import make_structure
from kubefedctl.model.refs import Object

CEL = "x-kubernetes-validations"


@dataclass(frozen=True, slots=True)
class CelRule:
    """
    A rule in the API server's expression language.

    Args:
        expression: What must be true of `self`.
        message: What to tell if it is not; it stands after the field's path.
    """

    expression: str
    message: str

    @property
    def schema(self) -> Object:
        """The entry of `x-kubernetes-validations`."""
        return {"rule": self.expression, "message": self.message}


@dataclass(frozen=True, slots=True)
class TextRule:
    """
    What a text must look like.

    Args:
        pattern: See law 2.
        longest: The most characters that it may have.
        message: What it must be, in words.
        also: CEL that must be true of it too.
    """

    pattern: str
    longest: int
    message: str
    also: str = ""


# --- texts ---------------------------------------------------------------------------------------

_LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_SUBDOMAIN = f"{_LABEL}([.]{_LABEL})*"
_DOMAIN_WORDS = "lower case letters, digits, '-' and '.', with a letter or digit at each end"

SUBDOMAIN = TextRule(f"^({_SUBDOMAIN})$", 253, f"must be a DNS-1123 subdomain: {_DOMAIN_WORDS}")
"""Name of an object such as a Secret."""

GROUP = TextRule(
    f"^({_SUBDOMAIN})?$", 253, f"must be empty or a DNS-1123 subdomain: {_DOMAIN_WORDS}"
)
"""API group of a target; empty for the core group."""

DOTTED_GROUP = TextRule(
    f"^({_LABEL}([.]{_LABEL})+)$",
    253,
    f"must be a domain with at least one dot: {_DOMAIN_WORDS}",
)
"""API group of a CRD."""

DNS_LABEL = TextRule(
    "^([a-z]([-a-z0-9]*[a-z0-9])?)$",
    63,
    "must be a DNS-1035 label: lower case letters, digits and '-', with a letter first",
)
"""API version, or plural of a type."""

KIND = TextRule(
    "^([A-Za-z]([-A-Za-z0-9]*[A-Za-z0-9])?)$",
    63,
    "must be a DNS-1035 label in lower case: letters, digits and '-', with a letter first",
)

_UNIT = "(ns|us|\u00b5s|\u03bcs|ms|s|m|h)"
_PART = f"([0-9]+([.][0-9]*)?|[.][0-9]+){_UNIT}"
_PART_ABOVE_ZERO = f"([0-9]*[1-9][0-9]*([.][0-9]*)?|[0-9]*[.][0-9]*[1-9][0-9]*){_UNIT}"

DURATION = TextRule(
    f"^([+]?({_PART})*{_PART_ABOVE_ZERO}({_PART})*)$",
    64,
    "must be a duration greater than 0, such as 90s, 5m or 1h30m",
    also="duration(self) > duration('0s')",
)
"""A Go duration above zero."""

_PORT = "0*([1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])"
_SERVER = (
    r"(\[[0-9A-Fa-f:.]+(%25[-0-9A-Za-z._~]+)?\]|[^\x00-\x20\x7f\\^`{|}%/?#@:\[\]]+)"
    f"(:({_PORT})?)?"
)
_REST = r"([/?#][^\x00-\x20\x7f]*)?"
_USER = r"([^\x00-\x20\x7f/?#@]*@)?"

ENDPOINT = TextRule(
    f"^([hH][tT][tT][pP][sS]?://{_USER}{_SERVER}{_REST}|{_SERVER}/?)$",
    2048,
    "must be an http or https URL, or a host[:port] without a path; a port is 1 to 65535, an IPv6"
    " address stands in brackets",
)
"""
Address of an API server.

Upstream: validateAPIEndpoint there, over client-go's rest.DefaultServerURL.
"""

PROXY = TextRule(
    r"^(([hH][tT][tT][pP][sS]?|[sS][oO][cC][kK][sS]5):[^\x00-\x20\x7f]*)?$",
    2048,
    "must be empty or a URL whose scheme is http, https or socks5",
)


def make_text(rule: TextRule, *, default: str = "") -> Object:
    """Return the schema of a text as *rule* wants it; an empty *default* is none."""
    expression = f"self.matches(r'{rule.pattern}')" + (f" && {rule.also}" if rule.also else "")
    schema: Object = {
        "type": "string",
        "maxLength": rule.longest,
        "pattern": rule.pattern,
        CEL: [CelRule(expression, rule.message).schema],
    }
    return {**schema, "default": default} if default else schema


def make_choice(*words: str, default: str = "", rules: Iterable[CelRule] = ()) -> Object:
    """Return the schema of a text that is one of *words*; an empty *default* is none."""
    schema: Object = {"type": "string", "enum": [str(word) for word in words]}
    if default:
        schema["default"] = default
    return with_rules(schema, *rules)


def make_count(minimum: int, *, default: int | None = None, bits: int = 64) -> Object:
    """Return the schema of a whole number that is *minimum* at least."""
    schema: Object = {"type": "integer", "format": f"int{bits}", "minimum": minimum}
    return schema if default is None else {**schema, "default": default}


def make_filled(properties: Mapping[str, Object], *rules: CelRule) -> Object:
    """
    Return the schema of a map that comes back filled, also where all of it is left out.

    Every one of *properties* must have a default. The whole map's default spells them out.
    """
    default: dict[str, Any] = {name: schema["default"] for name, schema in properties.items()}
    structure = {**make_structure(dict(properties)), "default": default}
    return with_rules(structure, *rules)


def with_rules(schema: Object, *rules: CelRule) -> Object:
    """Return *schema* with *rules* beside those that it has."""
    if not rules:
        return schema
    return {**schema, CEL: [*schema.get(CEL, ()), *(rule.schema for rule in rules)]}


# --- between fields ------------------------------------------------------------------------------

TYPE_CONFIG_NAME = CelRule(
    "self.metadata.name == self.spec.targetType.pluralName"
    " + (has(self.spec.targetType.group) && self.spec.targetType.group != ''"
    " ? '.' + self.spec.targetType.group : '')",
    "metadata.name must be spec.targetType.pluralName, then '.' and spec.targetType.group if there"
    " is one",
)
SCOPE_STAYS = CelRule("self == oldSelf", "cannot be changed")
LEASE_OUTLASTS_RENEWAL = CelRule(
    "duration(self.leaseDuration) > duration(self.renewDeadline)",
    "leaseDuration must be greater than renewDeadline",
)
RENEWAL_OUTLASTS_RETRY = CelRule(
    " > ".join(
        "(" + " + ".join([f"duration(self.{field})"] * times) + ")"
        for field, times in (("renewDeadline", 5), ("retryPeriod", 6))
    ),
    "renewDeadline must be greater than 1.2 times retryPeriod",
)
ALL_STANDS_ALONE = CelRule(
    "self.size() <= 1 || !('*' in self)", "when * is given, it must be the only one"
)
