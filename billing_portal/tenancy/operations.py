"""Migration operations for guards that the database keeps itself."""

from typing import Any

from django.conf import settings
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations import CreateModel
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

from billing_portal.tenancy import folded_sql


class AppendOnly(Operation):
    """From now on rows of this table can be added and nothing else, by anybody (reliability rule 1).

    A plain SQL trigger refuses UPDATE, DELETE and TRUNCATE even to a superuser; the role of web and workers has no right to them either.
    """

    reversible = True
    reduces_to_sql = True
    rule, says, trigger = "is_append_only", "is append-only", "no_change"
    refused: tuple[str, ...] = ("UPDATE", "DELETE")

    def __init__(self, table: str) -> None:
        self.table = table

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """The state of the models does not change."""

    def database_forwards(self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState) -> None:
        if not _belongs_here(app_label, schema_editor):
            return
        for statement in self._statements():
            schema_editor.execute(statement)

    def database_backwards(self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState) -> None:
        schema_editor.execute(f'DROP FUNCTION IF EXISTS "{self.table}_{self.rule}"() CASCADE')

    def describe(self) -> str:
        return f"From now on {self.table} {self.says}"

    def _statements(self) -> list[str]:
        table, function = f'"{self.table}"', f'"{self.table}_{self.rule}"'
        body = f"BEGIN RAISE EXCEPTION '{self.table} {self.says}' USING ERRCODE = 'insufficient_privilege'; END"
        events = " OR ".join(self.refused)
        return [
            f"CREATE OR REPLACE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql AS $guard$ {body} $guard$",
            f'CREATE TRIGGER "{self.table}_{self.trigger}" BEFORE {events} ON {table} FOR EACH ROW EXECUTE FUNCTION {function}()',
            f'CREATE TRIGGER "{self.table}_no_truncate" BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION {function}()',
            f"REVOKE {', '.join(self.refused)}, TRUNCATE ON {table} FROM {_app_role()}",
        ]


class NoDelete(AppendOnly):
    """From now on rows of this table can be added and changed, never taken away, by anybody (reliability 2, 19): guarded as an append-only table is."""

    rule, says, trigger = "keeps_its_rows", "keeps its rows", "no_delete"
    refused = ("DELETE",)


class FoldLikeUs(Operation):
    """The database folds names as this release does: one function of the shared schema, `folded(text)`."""

    reversible = True

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """The state of the models does not change."""

    def database_forwards(self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState) -> None:
        if not _belongs_here(app_label, schema_editor):
            schema_editor.execute(folded_sql.function(_folded()))

    def database_backwards(self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState) -> None:
        if not _belongs_here(app_label, schema_editor):
            schema_editor.execute(f"DROP FUNCTION IF EXISTS {_folded()}(text)")

    def describe(self) -> str:
        return "Fold names in the database as we do"


class FoldWhatIsLeftOut(Operation):
    """Folded columns of a new row are filled by the database where they are not given: by a release that does not know them yet.

    `columns`: of what each is the folded form.
    """

    reversible = True

    def __init__(self, table: str, columns: dict[str, str]) -> None:
        self.table, self.columns = table, columns

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """The state of the models does not change."""

    def database_forwards(self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState) -> None:
        if not _belongs_here(app_label, schema_editor):
            return
        function = f'"{self.table}_folds_what_is_left_out"'
        filled = " ".join(f'NEW."{column}" := coalesce(NEW."{column}", {_folded()}(NEW."{of}"));' for column, of in self.columns.items())
        schema_editor.execute(f"CREATE OR REPLACE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql AS $fold$ BEGIN {filled} RETURN NEW; END $fold$")
        schema_editor.execute(f'CREATE TRIGGER "{self.table}_fold" BEFORE INSERT ON "{self.table}" FOR EACH ROW EXECUTE FUNCTION {function}()')

    def database_backwards(self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState) -> None:
        schema_editor.execute(f'DROP FUNCTION IF EXISTS "{self.table}_folds_what_is_left_out"() CASCADE')

    def describe(self) -> str:
        return f"Fold the names that a row of {self.table} leaves out"


class OneCurrency(Operation):
    """Both accounts of a transfer have the transfer's currency, by foreign keys over (account, currency) (reliability 4)."""

    reversible = True

    def __init__(self, table: str, account_table: str, columns: tuple[str, ...]) -> None:
        self.table, self.account_table, self.columns = table, account_table, columns

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """The state of the models does not change."""

    def database_forwards(self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState) -> None:
        if not _belongs_here(app_label, schema_editor):
            return
        for column in self.columns:
            name = f"{self.table}_{column}_one_currency"
            schema_editor.execute(
                f'ALTER TABLE "{self.table}" ADD CONSTRAINT "{name}" FOREIGN KEY ("{column}", "currency") REFERENCES "{self.account_table}" ("id", "currency")'
            )

    def database_backwards(self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState) -> None:
        for column in self.columns:
            schema_editor.execute(f'ALTER TABLE "{self.table}" DROP CONSTRAINT "{self.table}_{column}_one_currency"')

    def describe(self) -> str:
        return f"Keep {self.table} in one currency"


class LetAppWrite(Operation):
    """The role of web and workers may change these columns, and only these, of a table whose rows otherwise stay as they are."""

    reversible = True

    def __init__(self, table: str, columns: tuple[str, ...]) -> None:
        self.table, self.columns = table, columns

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """The state of the models does not change."""

    def database_forwards(self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState) -> None:
        if _belongs_here(app_label, schema_editor):
            schema_editor.execute(f'GRANT UPDATE ({", ".join(self.columns)}) ON "{self.table}" TO {_app_role()}')

    def database_backwards(self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState) -> None:
        schema_editor.execute(f'REVOKE UPDATE ({", ".join(self.columns)}) ON "{self.table}" FROM {_app_role()}')

    def describe(self) -> str:
        return f"Let the app role write {', '.join(self.columns)} of {self.table}"


class OwnerOnly(Operation):
    """The role of web and workers may neither read nor write this table of the shared schema."""

    reversible = True

    def __init__(self, table: str) -> None:
        self.table = table

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """The state of the models does not change."""

    def database_forwards(self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState) -> None:
        if not _belongs_here(app_label, schema_editor):
            schema_editor.execute(f'REVOKE ALL ON "{self.table}" FROM {_app_role()}')

    def database_backwards(self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState) -> None:
        if not _belongs_here(app_label, schema_editor):
            schema_editor.execute(f'GRANT SELECT, INSERT, UPDATE, DELETE ON "{self.table}" TO {_app_role()}')

    def describe(self) -> str:
        return f"Keep {self.table} from the app role"


class CreatePartitionedModel(CreateModel):
    """Create a model whose table is partitioned by month of one column, with a default partition for what no month holds (architecture §4).

    The role of web and workers adds rows and reads them; like a ledger's, they are neither changed nor deleted (reliability 2).
    Months are made by `tenancy.domain.partitions`. Later operations on the model are ordinary ones.
    """

    def __init__(self, *args: Any, partition_by: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.partition_by = partition_by

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: ProjectState, to_state: ProjectState) -> None:
        model = to_state.apps.get_model(app_label, self.name)
        if not self.allow_migrate_model(schema_editor.connection.alias, model):
            return
        table = model._meta.db_table
        sql, params = schema_editor.table_sql(model)
        schema_editor.execute(f'{sql} PARTITION BY RANGE ("{self.partition_by}")', params or None)
        schema_editor.execute(f'CREATE TABLE "{table}_default" PARTITION OF "{table}" DEFAULT')
        schema_editor.execute(f'REVOKE UPDATE, DELETE, TRUNCATE ON "{table}" FROM {_app_role()}')
        schema_editor.execute(f'REVOKE ALL ON "{table}_default" FROM {_app_role()}')
        schema_editor.deferred_sql.extend(schema_editor._model_indexes_sql(model))


def _belongs_here(app_label: str, schema_editor: Any) -> bool:
    """Tables of a reseller exist in its schema only; the shared schema has none of them."""
    return bool(schema_editor.connection.schema_name != settings.PUBLIC_SCHEMA_NAME)


def _folded() -> str:
    return f'"{settings.PUBLIC_SCHEMA_NAME}".folded'


def _app_role() -> str:
    return '"' + settings.PORTAL_APP_ROLE.replace('"', '""') + '"'
