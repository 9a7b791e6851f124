from django.db import migrations, models

from billing_portal.tenancy.operations import LetAppWrite

# Calls posted before get the rate that their margin had until now: 1 in one currency, the reverse of the rate they were converted at where their plan is in
# the currency they are bought in, else that of the exchange rates as they stand.
_PER_EURO = """
    CASE WHEN {currency} = 'EUR' THEN 1 ELSE coalesce(
        (SELECT per_euro FROM rateplans_ownexchangerate WHERE currency = {currency} AND day < asked.day AND day >= asked.day - 7 ORDER BY day DESC LIMIT 1),
        (SELECT per_euro FROM public.tenancy_exchangerate WHERE currency = {currency} AND day < asked.day AND day >= asked.day - 7 ORDER BY day DESC LIMIT 1))
    END
"""
FILL = f"""
    WITH asked AS (
        SELECT DISTINCT currency, buy_currency, (at AT TIME ZONE 'UTC')::date AS day FROM invoicing_call WHERE buy_currency NOT IN ('', currency)),
         known AS (
        SELECT asked.*, nullif(round({_PER_EURO.format(currency="asked.buy_currency")} / {_PER_EURO.format(currency="asked.currency")}, 10), 0) AS rate
          FROM asked)
    UPDATE invoicing_call AS call
       SET margin_rate = CASE
               WHEN call.currency = call.buy_currency THEN 1
               WHEN plan.currency = call.buy_currency THEN nullif(round(1 / call.exchange_rate, 10), 0)
               ELSE known.rate END
      FROM invoicing_call AS same
      LEFT JOIN rateplans_rateplan AS plan ON plan.id = same.plan_id
      LEFT JOIN known
        ON known.currency = same.currency AND known.buy_currency = same.buy_currency AND known.day = (same.at AT TIME ZONE 'UTC')::date
     WHERE call.at = same.at AND call.id = same.id AND same.buy_currency <> ''
"""


class Migration(migrations.Migration):
    dependencies = [
        ("invoicing", "0007_price_changes"),
        ("rateplans", "0002_plans_across_the_tree"),
    ]

    operations = [
        migrations.AddField(
            model_name="call",
            name="margin_rate",
            field=models.DecimalField(decimal_places=10, max_digits=20, null=True),
        ),
        LetAppWrite("invoicing_call", ("margin_rate",)),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
    ]
