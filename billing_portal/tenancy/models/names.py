"""Names of customers are unique across the platform (M8): held here, readable by nobody else."""

from django.db import models

from billing_portal.tenancy.models.records import Record

LONGEST = 200  # letters of a folded name


class CustomerName(Record):
    """A taken name, folded (case, spaces, Unicode form). Tells that it is taken, never by whom."""

    folded = models.CharField(max_length=LONGEST, unique=True)
    schema_name = models.CharField(max_length=63)
    customer_id = models.UUIDField()

    in_shared_schema = True
