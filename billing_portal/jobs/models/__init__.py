from billing_portal.jobs.models.jobs import Job
from billing_portal.jobs.models.progress import Progress

__all__ = ["Job", "Progress"]
