"""Tells mypy what django-tenants adds to a database connection (it has no types of its own)."""

from collections.abc import Callable

from mypy.nodes import MDEF, SymbolTableNode, Var
from mypy.plugin import ClassDefContext, Plugin
from mypy.types import AnyType, TypeOfAny

CONNECTION = "django.db.backends.base.base.BaseDatabaseWrapper"
ADDED = ("schema_name", "tenant", "set_tenant", "set_schema", "set_schema_to_public", "search_path_set_schemas")


class TenantsPlugin(Plugin):
    def get_customize_class_mro_hook(self, fullname: str) -> Callable[[ClassDefContext], None] | None:
        return _add if fullname == CONNECTION else None


def _add(context: ClassDefContext) -> None:
    info = context.cls.info
    for name in ADDED:
        if name not in info.names:
            var = Var(name, AnyType(TypeOfAny.explicit))
            var.info = info
            var._fullname = f"{info.fullname}.{name}"
            info.names[name] = SymbolTableNode(MDEF, var, plugin_generated=True)


def plugin(version: str) -> type[Plugin]:
    return TenantsPlugin
