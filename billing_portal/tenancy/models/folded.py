"""A column that holds what another one is compared by."""

from typing import TYPE_CHECKING, Any

from django.db import models

from billing_portal.kernel.folding import fold

if TYPE_CHECKING:
    _TextField = models.TextField[str, str]
else:
    _TextField = models.TextField


class FoldedField(_TextField):
    """The folded form of the field `of`, written with the row: whoever saves some fields of a row names this one too.

    A folded name may be longer than the name. `queryset.update` does not write it. In a table of which a release was in use before
    it had the column, `FoldWhatIsLeftOut` fills it for that release; another fold needs `FoldLikeUs` again and a migration that folds what is there.
    """

    def __init__(self, *args: Any, of: str = "", **kwargs: Any) -> None:
        self.of = of
        super().__init__(*args, **{"editable": False, "blank": True} | kwargs)

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        return name, path, args, kwargs | {"of": self.of}

    def pre_save(self, model_instance: models.Model, add: bool) -> str:
        folded = fold(getattr(model_instance, self.of))
        setattr(model_instance, self.attname, folded)
        return folded
