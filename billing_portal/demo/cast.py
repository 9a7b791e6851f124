"""Who lives in the sample world: three resellers, one below another, their staff, about fifty customers. All of it is invented."""

from dataclasses import dataclass

PASSWORD = "sample-world-2026"  # of every sign-in of the sample world, and of no other


@dataclass(frozen=True)
class Company:
    """A customer to be: `calls` is its share of the traffic, `limit` its credit limit, `home` the country it mostly calls."""

    name: str
    street: str
    city: str
    postcode: str
    country: str
    billing_type: str = "postpaid"
    limit: str = "500.00"
    calls: int = 3
    zone: str = ""
    plan: int = 0
    pays: str = "in time"  # "in time", "late" (one invoice stays open and falls overdue), "not yet"


@dataclass(frozen=True)
class House:
    """A reseller to be: its tax as (name, percent), plans as (name, currency, percent of the sample prices), staff as (full name, role).

    `marked_up` are plans as (name, percent) that inherit from its own rate plan at its parent; they stand before `plans`.
    """

    schema: str
    name: str
    host: str
    currency: str
    zone: str
    street: str
    city: str
    postcode: str
    country: str
    tax_reference: str
    phone: str
    bank: str
    tax: tuple[str, str]
    colour: str
    plans: tuple[tuple[str, str, int], ...]
    staff: tuple[tuple[str, str], ...]
    companies: tuple[Company, ...]
    parent: str = "owner"
    marked_up: tuple[tuple[str, int], ...] = ()


OWNER = House(
    "owner", "Meridian Networks", "localhost", "EUR", "Europe/Dublin", "1 Grand Canal Quay", "Dublin", "D02 P820", "IE", "IE6388047V", "+353 1 555 0100",
    "Meridian Networks Ltd · IBAN IE29 AIBK 9311 5212 3456 78", ("VAT", "23"), "#334e68",
    (("Direct EU", "EUR", 240), ("Wholesale GBP", "GBP", 100), ("Wholesale USD", "USD", 105)),
    (("Orla Byrne", "administrator"),),
    (
        Company("Shannon Freight DAC", "Dock Road 4", "Limerick", "V94 K8P2", "IE", calls=5, limit="1500.00"),
        Company("Claddagh Design Studio", "12 Quay Street", "Galway", "H91 X2R5", "IE", calls=2),
        Company("Liffey Interpreters", "8 Ormond Quay", "Dublin", "D07 T6W2", "IE", "prepaid", "0.00", 2),
    ),
)  # fmt: skip

ACME = House(
    "acme", "Acme Telecom", "acme.localhost", "GBP", "Europe/London", "3 Quay Street", "Bristol", "BS1 4DJ", "GB", "GB123456782", "+44 117 496 0100",
    "Acme Telecom Ltd · Sort code 20-15-55 · Account 55555555", ("VAT", "20"), "#00647e",
    (("UK Business", "GBP", 250), ("UK Pre-paid", "GBP", 300), ("Wholesale EUR", "EUR", 160)),
    (("Jane Whitfield", "administrator"), ("Tom Ashdown", "commerce"), ("Priya Raman", "support"), ("Colin Marsh", "reports")),
    (
        Company("Avonside Vets", "14 Calverley Road", "Bath", "BA1 5LR", "GB"),
        Company("Bluebell Dental Care", "2 Harley Mews", "London", "W1G 9QY", "GB", "prepaid", "0.00", 2, plan=1),
        Company("Bramley & Stone Solicitors", "9 King Street", "Leeds", "LS1 2HH", "GB", limit="1000.00", calls=6),
        Company("Carrick Joinery", "Unit 6, Dock Road", "Liverpool", "L3 4BX", "GB", calls=2),
        Company("Cherry Orchard Nurseries", "Mill Lane", "Hereford", "HR4 7PT", "GB", "prepaid", "0.00", 1, plan=1),
        Company("Dunmore Estates", "71 George Street", "Edinburgh", "EH2 3ES", "GB", limit="750.00", calls=4),
        Company("Eastgate Motors", "120 Station Parade", "Norwich", "NR1 1EF", "GB", calls=4),
        Company("Fenwick Taxis", "Grainger Street", "Newcastle upon Tyne", "NE1 5JQ", "GB", limit="1000.00", calls=9),
        Company("Gemeinschaftspraxis Dr. Hoffmann-Lindenthal und Partner", "Kaiserstraße 12", "Frankfurt am Main", "60311", "DE", zone="Europe/Berlin"),
        Company("Greenway Logistics", "Trafford Wharf", "Manchester", "M17 1AG", "GB", limit="60.00", calls=12, pays="not yet"),
        Company("Harbour View Hotel", "Marine Parade", "Brighton", "BN2 1TL", "GB", calls=5),
        Company("Inverness Outfitters", "3 Academy Street", "Inverness", "IV1 1LX", "GB", calls=1),
        Company("Kestrel Couriers", "Castle Boulevard", "Nottingham", "NG7 1FT", "GB", limit="800.00", calls=8, pays="late"),
        Company("Kraków Logistics sp. z o.o.", "ul. Zabłocie 25", "Kraków", "30-701", "PL", zone="Europe/Warsaw", calls=4),
        Company("Lark Lane Bakery", "44 Lark Lane", "Liverpool", "L17 8UW", "GB", "prepaid", "0.00", 1, plan=1),
        Company("Millbrook Community Trust", "Church Walk", "Derby", "DE1 3PT", "GB", calls=2),
        Company("Nkem & Daughters Ltd", "18 Rye Lane", "London", "SE15 5BS", "GB", "prepaid", "0.00", 4, plan=1),
        Company("Old Mill Brewery", "Mill Street", "York", "YO1 9PY", "GB", calls=2),
        Company("Pennine Property Care", "55 Market Place", "Huddersfield", "HD1 2AE", "GB", calls=3),
        Company("Quayside Architects", "1 Baltic Place", "Gateshead", "NE8 3AE", "GB", calls=3),
        Company("Riverside Physiotherapy", "6 Bridge Street", "Chester", "CH1 1NJ", "GB", "prepaid", "5.00", 2, plan=1),
        Company("Société Coopérative des Transporteurs du Nord", "12 rue Nationale", "Lille", "59000", "FR", zone="Europe/Paris", calls=5),
        Company("Tamar Marine", "Sutton Harbour", "Plymouth", "PL4 0DW", "GB", calls=3),
        Company("Thistle & Reed Solicitors LLP", "20 St Vincent Street", "Glasgow", "G1 2DT", "GB", calls=3),
        Company("Wexford Street Clinic", "31 Wexford Street", "London", "N1 7JP", "GB", calls=4),
        Company("Zephyr Cycles", "8 Mill Road", "Cambridge", "CB1 2AD", "GB", "prepaid", "0.00", 1, plan=1),
    ),
)  # fmt: skip

GLOBEX = House(
    "globex", "Globex Voice", "globex.localhost", "USD", "America/New_York", "350 Hudson Street", "New York", "NY 10014", "US", "47-1234567", "+1 212 555 0100",
    "Globex Voice Inc · Routing 021000021 · Account 123456789", ("Sales tax", "8.875"), "#7a4b00", (("US Standard", "USD", 260), ("US Pre-paid", "USD", 320)),
    (("Maria Lopez", "administrator"), ("Dean Foster", "commerce")),
    (
        Company("Battery Park Dental", "17 State Street", "New York", "NY 10004", "US", calls=3),
        Company("Blue Heron Realty", "88 Congress Avenue", "Austin", "TX 78701", "US", zone="America/Chicago", calls=4),
        Company("Cascadia Outdoor Supply", "401 Pine Street", "Seattle", "WA 98101", "US", zone="America/Los_Angeles", calls=4),
        Company("Delgado Imports", "2200 Collins Avenue", "Miami", "FL 33139", "US", limit="1500.00", calls=7),
        Company("Fairmount Legal Group", "1500 Market Street", "Philadelphia", "PA 19102", "US", calls=5, pays="late"),
        Company("Grand Lake Clinic", "640 Lakeshore Drive", "Chicago", "IL 60611", "US", zone="America/Chicago", calls=4),
        Company("Hudson Yards Catering", "20 Hudson Yards", "New York", "NY 10001", "US", "prepaid", "0.00", 2, plan=1),
        Company("Juniper & Sage", "915 Santa Fe Drive", "Denver", "CO 80204", "US", "prepaid", "0.00", 1, zone="America/Denver", plan=1),
        Company("Kapalua Charters", "14 Front Street", "Lahaina", "HI 96761", "US", zone="Pacific/Honolulu", calls=2),
        Company("Northern Lights Insurance", "50 South Sixth Street", "Minneapolis", "MN 55402", "US", zone="America/Chicago", calls=5),
        Company("Old Harbor Seafood", "99 Atlantic Avenue", "Boston", "MA 02110", "US", calls=3),
        Company("Prairie Wind Energy", "301 Main Street", "Wichita", "KS 67202", "US", zone="America/Chicago", calls=2),
        Company("Sunset Strip Studios", "8800 Sunset Boulevard", "Los Angeles", "CA 90069", "US", zone="America/Los_Angeles", limit="1000.00", calls=6),
        Company("Tri-County Plumbing", "77 Broad Street", "Newark", "NJ 07102", "US", "prepaid", "0.00", 2, plan=1),
    ),
)  # fmt: skip

NORTHWIND = House(
    "northwind", "Northwind Voice", "northwind.localhost", "EUR", "Europe/Berlin", "Speicherstraße 18", "Hamburg", "20457", "DE", "DE301234567",
    "+494055501234", "Northwind Voice GmbH · IBAN DE02 1203 0000 0000 2020 51", ("USt", "19"), "#1d5c4d", (),
    (("Nora Petersen", "administrator"), ("Jonas Albrecht", "commerce")),
    (
        Company("Alsterblick Hotel", "An der Alster 61", "Hamburg", "20099", "DE", calls=5, limit="800.00"),
        Company("Bäckerei Sonnenkorn", "Lange Straße 7", "Bremen", "28195", "DE", "prepaid", "0.00", 1, plan=1),
        Company("Dietrich & Söhne Spedition", "Hafenstraße 40", "Kiel", "24103", "DE", calls=6, limit="1000.00"),
        Company("Fischer Zahnmedizin", "Marktplatz 3", "Lübeck", "23552", "DE", calls=2),
        Company("Holstein Steuerberatung", "Königstraße 22", "Flensburg", "24937", "DE", calls=3, pays="late"),
        Company("Jansen Windkraft", "Deichweg 1", "Husum", "25813", "DE", calls=3),
        Company("Nordlicht Apotheke", "Breite Straße 15", "Rostock", "18055", "DE", "prepaid", "0.00", 2, plan=1),
    ),
    parent="acme", marked_up=(("Business", 60), ("Pre-paid", 90)),
)  # fmt: skip

HOUSES = (OWNER, ACME, GLOBEX, NORTHWIND)  # each after its parent

SWITCH_CODE = "acme-100"  # the account code of Acme's first customer, with lines 1001 and 1002
