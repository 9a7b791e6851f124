"""Pages over the platform itself: company, staff, switches and keys, audit, jobs, mails."""

from django.urls import URLPattern, path

from billing_portal.web.pages import audit, company, jobs, mails, staff, switches

urlpatterns: list[URLPattern] = [
    path("settings/company/", company.edit, name="company"),
    path("settings/company/logo/", company.logo, name="company-logo"),
    path("settings/company/logo/remove/", company.remove_logo, name="company-logo-remove"),
    path("settings/staff/", staff.overview, name="staff"),
    path("settings/staff/new/", staff.new, name="staff-new"),
    path("settings/staff/<uuid:person>/", staff.person, name="staff-person"),
    path("settings/staff/<uuid:person>/resend/", staff.resend, name="staff-resend"),
    path("settings/staff/<uuid:person>/link/", staff.copy_link, name="staff-link"),
    path("settings/staff/<uuid:person>/deactivate/", staff.deactivate, name="staff-deactivate"),
    path("settings/staff/<uuid:person>/activate/", staff.activate, name="staff-activate"),
    path("settings/staff/<uuid:person>/second-factor/reset/", staff.reset_second_factor, name="staff-second-factor-reset"),
    path("settings/staff/<uuid:person>/sessions/end/", staff.end_sessions, name="staff-sessions-end"),
    path("settings/switches/", switches.overview, name="switches"),
    path("settings/switches/new/", switches.new, name="switch-new"),
    path("settings/switches/<uuid:switch>/keys/new/", switches.new_key, name="key-new"),
    path("settings/keys/<uuid:key>/revoke/", switches.revoke_key, name="key-revoke"),
    path("platform/audit/", audit.overview, name="audit"),
    path("platform/mails/", mails.overview, name="mails"),
    path("platform/mails/<uuid:mail>/", mails.mail, name="mail"),
    path("platform/mails/<uuid:mail>/preview/", mails.preview, name="mail-preview"),
    path("platform/mails/<uuid:mail>/resend/", mails.resend, name="mail-resend"),
    path("platform/jobs/", jobs.overview, name="jobs"),
    path("platform/jobs/<uuid:job>/retry/", jobs.retry, name="job-retry"),
]
