"""The script that makes a new reseller's schema at once."""

from django.db import models

from billing_portal.tenancy.models.records import Record


class SchemaTemplate(Record):
    """A schema of this release as SQL, read back from one that was migrated. Only the owner's role may read or write it: it is run as the owner."""

    fingerprint = models.CharField(max_length=64, unique=True)
    script = models.TextField()

    in_shared_schema = True
