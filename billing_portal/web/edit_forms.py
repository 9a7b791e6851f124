"""Forms over something that is there: a page that stood open for long undoes nothing that others saved in the meantime."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar, cast
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from billing_portal.accounts.models import AuditEntry
from billing_portal.accounts.queries import is_of_people, last_change
from billing_portal.tenancy import queries as tenancy
from billing_portal.web.forms import PortalForm
from billing_portal.web.viewer import ANONYMOUS, Viewer

DRAWN = "drawn"
SEVERAL = (forms.MultipleChoiceField, forms.ModelMultipleChoiceField)
MEANWHILE = _("%(who)s saved “%(now)s” here since you opened this page. Save again to write yours instead.")
BESIDE = _("%(who)s saved “%(now)s” here since you opened this page, and you changed what goes with it. Look at both, and save again.")


class EditForm(PortalForm):
    """Carries what it was drawn with, hidden, beside what is written into it; `initial` is what is stored now.

    A field that nobody touched takes what is stored now. One that somebody touched, and others saved as something else meanwhile, is refused at that
    field once: what was written stays, and saving again writes it. A form that does not say what it was drawn with writes all that it holds; one that
    says it in no way of ours is refused once.

    Fields that say one thing `TOGETHER`, such as a limit and the tick that it holds, are seen together before they are saved: where one was touched
    here and another saved elsewhere, the other is refused once, as it is stored now. They are handed over together too.

    `about` is the subject of the audit trail that the form is over, and `reader` who looks: a refusal names who saved that very field. `AUDITED_AS`
    names the fields of the trail where they are called otherwise.
    """

    TOGETHER: ClassVar[tuple[tuple[str, ...], ...]] = ()
    AUDITED_AS: ClassVar[Mapping[str, Sequence[str]]] = {}

    drawn = forms.Field(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, about: tuple[str, UUID] | None = None, reader: Viewer = ANONYMOUS, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.about, self.reader = about, reader
        self.fields[DRAWN].initial = lambda: json.dumps(self._stored_now())

    def saved_by(self, name: str) -> str | Promise:
        """Who saved this field last, as the reader may know them."""
        saved = last_change(self.about, self.AUDITED_AS.get(name, [name])) if self.about else None
        return who_acted(saved, self.reader) if saved is not None else _("Somebody")

    def changes(self) -> dict[str, Any]:
        """What was changed, against what is stored now, and what goes with it: all that a verb needs to be told."""
        told = self._with_what_goes_along(self.changed_data)
        return {name: value for name, value in self.cleaned_data.items() if name in told}

    def full_clean(self) -> None:
        if not self.is_bound:
            return super().full_clean()
        before, now = _read(self[DRAWN].data), self._stored_now()
        is_odd = before is None or any(not _alike(before[name], now[name]) for name in now if name in before)
        refusals = self._catch_up({} if before is None or is_odd else before, now)
        super().full_clean()
        self.cleaned_data.pop(DRAWN, None)
        if is_odd:
            odd = _("It cannot be told what this page was opened with. Look at what it holds now, and save again.")
            self.add_error(None, ValidationError(odd, code="drawn_otherwise"))
        for name, message in refusals.items():
            params = {"who": self.saved_by(name), "now": in_words(self.fields[name], now[name])}
            self.add_error(name, ValidationError(message, code="saved_meanwhile", params=params))

    def _watched(self) -> Iterable[tuple[str, forms.Field]]:
        """The fields of what is stored; others, such as a tick that confirms something, are nobody else's."""
        return ((name, field) for name, field in self.fields.items() if name in self.initial)

    def _stored_now(self) -> dict[str, Any]:
        return {name: sent(field, self.get_initial_for_field(field, name)) for name, field in self._watched()}

    def _with_what_goes_along(self, names: Iterable[str]) -> set[str]:
        told = set(names)
        return told.union(*(group for group in self.TOGETHER if not told.isdisjoint(group)))

    def _catch_up(self, before: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, Any]:
        """Put what is stored now where nobody wrote anything; answers, by field, in which words those are refused that others saved meanwhile."""
        watched = {name: field for name, field in self._watched() if name in before}
        mine = {name for name, field in watched.items() if _differs(field, before[name], self[name].data)}
        concerned, refusals = self._with_what_goes_along(mine), dict[str, Any]()
        self.data = self.data.copy()  # type: ignore[attr-defined] # Django keeps a mapping that may be read only
        for name, field in watched.items():
            if not _differs(field, before[name], now[name]):
                continue
            if name not in mine:
                self._write(name, now[name])
                refusals |= {name: BESIDE} if name in concerned else {}
            elif _differs(field, now[name], self[name].data):
                refusals[name] = MEANWHILE
        self._write(DRAWN, json.dumps(now))
        return refusals

    def _write(self, name: str, value: Any) -> None:
        """As if a browser had sent it: an empty tick is not sent at all."""
        key, data = self.add_prefix(name), self.data
        if value is False:
            data.pop(key, None)  # type: ignore[attr-defined]
        elif isinstance(value, list) and hasattr(data, "setlist"):
            data.setlist(key, value)
        else:
            data[key] = "on" if value is True else value  # type: ignore[index]


def who_acted(saved: AuditEntry, reader: Viewer, *, by_people: bool | None = None) -> str:
    """The name of who acted, for staff; people of a customer read those of their own people, and of everybody else the reseller's.

    `by_people` where it was asked already whether somebody of a customer did it.
    """
    theirs = is_of_people(saved.actor_id, schema=saved.actor_schema, acted_for_id=saved.acted_for_id) if by_people is None else by_people
    return saved.actor_name if reader.is_staff or theirs else tenancy.current().name


def sent(field: forms.Field, value: Any) -> Any:
    """A stored value as a browser sends it back: text, a tick, or a list of texts."""
    value = field.prepare_value(value)
    if value is None or isinstance(value, bool):
        return value if value is not None else False if isinstance(field, forms.BooleanField) else ""
    if isinstance(field, SEVERAL):
        return sorted(str(each) for each in value)
    return str(value)


def _read(drawn: Any) -> dict[str, Any] | None:
    """What a form was drawn with, {} when it says nothing; None for what cannot be read."""
    try:
        found = json.loads(drawn or "{}")
    except (TypeError, ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _alike(one: Any, other: Any) -> bool:
    """Whether two sent values are of one kind: text, a tick, or a list of texts."""
    return type(one) is type(other) and (not isinstance(one, list) or all(isinstance(each, str) for each in one))


def _differs(field: forms.Field, one: Any, other: Any) -> bool:
    """Whether two sent values mean something else: 5 and 5.00 are one amount."""
    if isinstance(field, (*SEVERAL, forms.ModelChoiceField)):
        return field.has_changed(one, other)
    try:
        return field.has_changed(field.to_python(one), other)
    except ValidationError:
        return bool(one != other)


def in_words(field: forms.Field, value: Any) -> Any:
    """What a field holds as its page shows it: the labels of what is chosen, never the keys."""
    if value in ("", []):
        return _("nothing")
    if isinstance(value, bool):
        return _("ticked") if value else _("not ticked")
    if isinstance(field, forms.ModelChoiceField):
        keys = value if isinstance(value, list) else [value]
        rows = {str(row.pk): field.label_from_instance(row) for row in field.queryset.filter(pk__in=keys)} if field.queryset is not None else {}
        return ", ".join(str(rows.get(key, key)) for key in keys)
    if isinstance(field, forms.ChoiceField):
        labels = {str(key): str(label) for key, label in cast("Iterable[tuple[Any, Any]]", field.choices) if not isinstance(label, list | tuple)}
        return ", ".join(labels.get(str(key), str(key)) for key in (value if isinstance(value, list) else [value]))
    return value
