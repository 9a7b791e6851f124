"""What may be posted while switched, address by address, by the one rule of `accounts.domain.letting_in`: a switch leaves no way back in.

A new address that takes a form must be told here.
"""

NOBODY = "nobody who is switched"
"""How somebody signs in, or a secret that is handed over (semantics 34)."""
OWN_STAFF = "not who came from a parent"
"""An account made, opened again or raised; the reseller's own staff have the same right without the switch."""

NAMES_NOBODY = "it is about no account"
KNOWN = "it goes to an address that is on file already, and no address changes while switched"
SHUTS = "it only shuts somebody out"

TABLE: dict[str, str] = {
    # --- one's own account -------------------------------------------------------------------------------------------
    **dict.fromkeys(
        (
            "own_account",
            "account_change_password",
            "own_email",
            "confirm",
            "end_other_sessions",
            "end_session",
            "add_app",
            "add_passkey",
            "rename_passkey",
            "remove_factor",
            "make_codes",
        ),
        NOBODY,
    ),
    # --- links, second factors and keys of others --------------------------------------------------------------------
    **dict.fromkeys(
        (
            "web:staff-link",
            "web:staff-second-factor-reset",
            "web:key-new",
            "web:key-revoke",
            "customers:person-link",
            "customers:person-reset",
            "customers:my-person-link",
            "customers:my-person-reset",
        ),
        NOBODY,
    ),
    # --- accounts ----------------------------------------------------------------------------------------------------
    **dict.fromkeys(
        (
            "web:staff-new",
            "web:staff-person",
            "web:staff-activate",
            "customers:person-new",
            "customers:person-activate",
            "customers:my-person-new",
            "customers:my-person-activate",
            "resellers:new",
        ),
        OWN_STAFF,
    ),
    "customers:person-edit": "the name alone: neither email nor, from a parent, the role is asked for",
    "customers:my-person-edit": "the name alone: neither email nor, from a parent, the role is asked for",
    "customers:new": "the first person of a customer that a parent adds has no email, so nobody is let in by it",
    "web:staff-resend": KNOWN,
    "customers:person-resend": KNOWN,
    "customers:my-person-resend": KNOWN,
    "web:mail-resend": "mails with links of one's own are never sent again, others go where they went or to the billing email of today",
    "web:staff-deactivate": SHUTS,
    "web:staff-sessions-end": SHUTS,
    "customers:person-deactivate": SHUTS,
    "customers:person-end": SHUTS,
    "customers:my-person-deactivate": SHUTS,
    "customers:my-person-end": SHUTS,
    "resellers:end": SHUTS,
    "customers:lock": SHUTS,
    "customers:unlock": "it is about a company, and lets in only whom its reseller let in before",
    "resellers:again": "what was ordered stays as it was ordered",
    # --- the rest ----------------------------------------------------------------------------------------------------
    **dict.fromkeys(
        (
            "account_logout",
            "customers:switch",
            "customers:return",
            "web:company",
            "web:company-logo",
            "web:company-logo-remove",
            "web:switch-new",
            "web:job-retry",
            "rateplans:new",
            "rateplans:change",
            "rateplans:import",
            "rateplans:import-preview",
            "rateplans:tax-new",
            "rateplans:tax",
            "rateplans:exchange-new",
            "rateplans:exchange-import",
            "rateplans:terms",
            "customers:edit",
            "customers:line-new",
            "customers:line-edit",
            "customers:line-remove",
            "customers:my-line-new",
            "customers:my-line-edit",
            "customers:my-line-remove",
            "invoicing:rate-again",
            "invoicing:waiting-rate-again",
            "invoicing:waiting-set-aside",
            "invoicing:waiting-keep-the-first",
            "invoicing:parent-topups",
            "invoicing:request",
            "invoicing:topup-release",
            "invoicing:my-topups",
            "invoicing:record-payment",
            "invoicing:new-entry",
            "invoicing:settle",
            "invoicing:wallet-debt",
            "invoicing:refund",
            "invoicing:charge-back",
            "invoicing:take-back",
            "invoicing:run-new",
            "invoicing:run-retry",
            "invoicing:document-send",
            "invoicing:credit-note",
            "invoicing:write-off",
        ),
        NAMES_NOBODY,
    ),
}
