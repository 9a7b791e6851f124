"""A sample rate sheet: real prefixes of the public numbering data, prices that are invented."""

import csv
import io
import zlib
from collections.abc import Iterator, Mapping
from decimal import Decimal

from babel import Locale
from phonenumbers import COUNTRY_CODE_TO_REGION_CODE

HEADERS = ("prefix", "destination", "per minute", "connection charge", "initial increment", "increment")
NOTE = "Sample rates: the prefixes are real, the prices are invented."
LONGEST_AREA = 3  # digits after the country code; longer areas cost what their country costs
WORLDWIDE = "001"
COMMON = {
    code: Decimal(price)
    for code, price in {
        "1": "0.009",
        "44": "0.012",
        "49": "0.014",
        "33": "0.013",
        "353": "0.016",
        "34": "0.015",
        "39": "0.018",
        "31": "0.017",
        "48": "0.019",
        "61": "0.021",
        "351": "0.018",
        "41": "0.024",
        "43": "0.022",
        "32": "0.02",
        "46": "0.013",
        "45": "0.014",
        "47": "0.015",
    }.items()
}


def rates_file(*, percent: int = 100) -> bytes:
    """The sheet as a CSV file, the same every time; `percent` scales every price per minute (120 = a fifth dearer)."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(HEADERS)
    for prefix, destination, price in _rows():
        connection = "0.01" if price >= Decimal("0.1") else "0"
        increments = ("60", "6") if _figure(prefix, 5) == 0 else ("1", "1")
        scaled = (price * percent / 100).normalize()
        writer.writerow([prefix, destination, f"{scaled:f}", connection, *increments])
    return text.getvalue().encode()


def _rows() -> Iterator[tuple[str, str, Decimal]]:
    """Countries, then the areas and mobile networks inside them, each (prefix, destination, price per minute)."""
    names = dict(Locale("en").territories)
    inside = _inside()
    for code, regions in sorted((str(code), regions) for code, regions in COUNTRY_CODE_TO_REGION_CODE.items()):
        country = _country(names, regions[0])
        base = COMMON.get(code) or _price(code, Decimal("0.008"), 40)
        yield code, country, base
        for prefix, (place, mobile) in sorted(inside[code].items()):
            yield prefix, f"{country} - {place}", base + _price(place, Decimal("0.0005"), 8) * (20 if mobile else 1)


def _inside() -> dict[str, dict[str, tuple[str, bool]]]:
    """{country code: {prefix: (place or network, whether it is mobile)}} down to areas of three digits."""
    from phonenumbers.carrierdata import CARRIER_DATA
    from phonenumbers.geodata import GEOCODE_DATA

    found: dict[str, dict[str, tuple[str, bool]]] = {str(code): {} for code in COUNTRY_CODE_TO_REGION_CODE}
    for data, mobile in ((GEOCODE_DATA, False), (CARRIER_DATA, True)):
        for prefix, words in data.items():
            code = next((prefix[:digits] for digits in (1, 2, 3) if prefix[:digits] in found), None)
            if code and words.get("en") and len(code) < len(prefix) <= len(code) + LONGEST_AREA:
                found[code][prefix] = (f"mobile, {words['en']}" if mobile else words["en"], mobile)
    return found


def _country(names: Mapping[str, str], region: str) -> str:
    return "Worldwide services" if region == WORLDWIDE else str(names.get(region, region))


def _price(seed: str, step: Decimal, steps: int) -> Decimal:
    """An invented price: one to `steps` times the step, always the same for the same seed."""
    return step * (1 + _figure(seed, steps))


def _figure(seed: str, bound: int) -> int:
    return zlib.crc32(seed.encode()) % bound
