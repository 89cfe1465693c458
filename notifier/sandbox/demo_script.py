"""What the demo day is made of: invented people, on numbers kept for fiction.

Times are minutes from the moment of loading, windows hours from its last quarter, so that
the day is always around now. +1 206 555 01xx is nobody's (NANPA); +44 20 7946 0xxx is kept
for drama (Ofcom), and is a landline.
"""

from __future__ import annotations

from dataclasses import dataclass

from notifier.domain.facts import FactType
from notifier.domain.reasons import Reason
from notifier.domain.windows import Special

#: Two days ago, unless a visit says otherwise.
BOOKED = -2 * 24 * 60


@dataclass(frozen=True, slots=True)
class Said:
    """A fact of the day so far; `at` in minutes from now."""

    at: int
    type: FactType
    minutes: int | None = None
    days: int | None = None  # an order's new date, in days from today
    expected: Special | None = None
    reason: Reason | None = None


@dataclass(frozen=True, slots=True)
class Wrote:
    """A text from the customer."""

    at: int
    words: str
    read: bool = True  # somebody at the office has dealt with it


@dataclass(frozen=True, slots=True, kw_only=True)
class Guest:
    """A customer or second contact; without a phone or an email there is none."""

    name: str
    phone: str | None = None
    email: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoVisit:
    """One visit: its window in hours from the last quarter, and what happened."""

    reference: str
    technician: str
    service: str
    address: str
    starts: float
    customer: Guest
    second: Guest | None = None
    story: tuple[Said | Wrote, ...] = ()
    hours: float = 2
    booked: int = BOOKED  # in minutes from now


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoOrder:
    """One order, promised for a day (0 is today), in as many parcels as it has carriers."""

    reference: str
    item: str
    address: str
    day: int
    carriers: tuple[str, ...]
    customer: Guest
    story: tuple[Said, ...] = ()


def _phone(last: int) -> str:
    return f"+1206555{last:04d}"


def _guest(name: str, last: int, *, email: bool = True) -> Guest:
    address = name.lower().replace(" ", ".") + "@example.com" if email else None
    return Guest(name=name, phone=_phone(last), email=address)


_F = FactType
SAM, PRIYA, JONAS = "Sam Rivera", "Priya Nair", "Jonas Weber"


def _done(way: int, there: int, left: int) -> tuple[Said, ...]:
    return (Said(way, _F.EN_ROUTE), Said(there, _F.ARRIVED), Said(left, _F.COMPLETED))


VISITS = (
    DemoVisit(
        reference="V-101",
        technician=SAM,
        service="Boiler service",
        address="14 Alder Street",
        starts=-4,
        customer=_guest("Ada Park", 101),
        story=_done(-250, -225, -165),
    ),
    DemoVisit(
        reference="V-102",
        technician=SAM,
        service="Radiator repair",
        address="3 Quarry Lane",
        starts=-3,
        customer=_guest("Ben Ortiz", 102),
        story=(
            Said(-215, _F.DELAYED, minutes=30, reason=Reason.TRAFFIC),
            Wrote(-205, "OK thanks for letting me know"),
            *_done(-105, -80, -25),
        ),
    ),
    DemoVisit(
        reference="V-103",
        technician=SAM,
        service="Water heater repair",
        address="88 Harbour Road",
        starts=-0.5,
        customer=_guest("Carla Stein", 103),
        story=(Said(-10, _F.EN_ROUTE),),
    ),
    DemoVisit(
        reference="V-104",
        technician=SAM,
        service="Thermostat installation",
        address="27 Mill Court",
        starts=1.5,
        customer=_guest("Dev Kapoor", 104),
        story=(
            Said(-22, _F.DELAYED, minutes=45, reason=Reason.EARLIER_JOB),
            Wrote(-5, "Thanks for telling me. Can he ring the side door?", read=False),
        ),
    ),
    DemoVisit(
        reference="V-105",
        technician=SAM,
        service="Leak inspection",
        address="5 Chapel Row",
        starts=2.5,
        customer=_guest("Edna Moss", 105),
    ),
    DemoVisit(
        reference="V-106",
        technician=SAM,
        service="Furnace tune-up",
        address="61 Orchard Way",
        starts=4,
        customer=_guest("Felix Adams", 106),
    ),
    DemoVisit(
        reference="V-201",
        technician=PRIYA,
        service="Heat pump check",
        address="9 Station Road",
        starts=-4,
        customer=_guest("Gus Novak", 107),
        story=_done(-255, -230, -170),
    ),
    DemoVisit(
        reference="V-202",
        technician=PRIYA,
        service="Drain cleaning",
        address="40 Birch Avenue",
        starts=-2.5,
        customer=_guest("Hana Sato", 108),
        story=_done(-150, -130, -60),
    ),
    DemoVisit(
        reference="V-203",
        technician=PRIYA,
        service="Gas safety check",
        address="17 Kiln Street",
        starts=-1,
        customer=_guest("Iris Bell", 109),
        story=(Said(-45, _F.EN_ROUTE), Said(-25, _F.ARRIVED)),
    ),
    DemoVisit(
        reference="V-204",
        technician=PRIYA,
        service="Shower repair",
        address="2 Meadow Close",
        starts=1,
        customer=_guest("Jack Doyle", 110),
        second=_guest("Kim Doyle", 111, email=False),
        story=(Said(-40, _F.DELAYED, minutes=30, reason=Reason.PARTS),),
    ),
    DemoVisit(
        reference="V-205",
        technician=PRIYA,
        service="Pump replacement",
        address="73 Castle Hill",
        starts=2.5,
        customer=Guest(name="Lena Frost", phone="+442079460018"),  # a landline
    ),
    DemoVisit(
        reference="V-206",
        technician=PRIYA,
        service="Boiler quote",
        address="30 Fern Drive",
        starts=4,
        customer=Guest(name="Milo Grant", email="milo.grant@example.com"),
        story=(Said(-15, _F.DELAYED, minutes=30, reason=Reason.PARTS),),
    ),
    DemoVisit(
        reference="V-301",
        technician=JONAS,
        service="Washing machine repair",
        address="11 Temple Street",
        starts=-4,
        customer=_guest("Nora Quinn", 112),
        story=_done(-248, -220, -150),
    ),
    DemoVisit(
        reference="V-302",
        technician=JONAS,
        service="Oven repair",
        address="52 Bridge Road",
        starts=-2.5,
        customer=_guest("Omar Haddad", 113),
        story=_done(-145, -118, -55),
    ),
    DemoVisit(  # it should have begun, and nobody has said a word
        reference="V-303",
        technician=JONAS,
        service="Dishwasher repair",
        address="8 Willow Terrace",
        starts=-0.25,  # so that half an hour late is still to come
        customer=_guest("Grace Lin", 114),
        booked=-200,  # rang this morning, so that her phone shows a first text
    ),
    DemoVisit(
        reference="V-304",
        technician=JONAS,
        service="Dryer installation",
        address="19 Park Lane",
        starts=1,
        customer=_guest("Petra Wolf", 115),
    ),
    DemoVisit(
        reference="V-305",
        technician=JONAS,
        service="Fridge repair",
        address="45 Hill Street",
        starts=2,
        customer=_guest("Quentin Reyes", 116),
        story=(
            Said(-150, _F.DELAYED, minutes=60, reason=Reason.VEHICLE),
            Said(-90, _F.DELAYED, minutes=0),
            Wrote(-80, "Yes please"),
        ),
    ),
    DemoVisit(
        reference="V-306",
        technician=JONAS,
        service="Cooker hood installation",
        address="66 Rose Gardens",
        starts=4,
        customer=_guest("Rita Vance", 117, email=False),
        story=(Wrote(-200, "STOP"),),
    ),
)

ORDERS = (
    DemoOrder(
        reference="P-501",
        item="Water filter set",
        address="14 Alder Street",
        day=2,
        carriers=("UPS",),
        customer=_guest("Stella Marsh", 121),
    ),
    DemoOrder(
        reference="P-502",
        item="Smart thermostat",
        address="21 Cedar Street",
        day=2,
        carriers=("FedEx",),
        customer=_guest("Theo Lang", 122),
        story=(Said(-900, _F.SHIPPED),),
    ),
    DemoOrder(
        reference="P-503",
        item="Radiator valves",
        address="77 Lake View",
        day=1,
        carriers=("UPS",),
        customer=_guest("Uma Rao", 123),
        story=(Said(-1500, _F.SHIPPED), Said(-600, _F.IN_TRANSIT)),
    ),
    DemoOrder(
        reference="P-504",
        item="Boiler pump",
        address="4 Forge Street",
        day=0,
        carriers=("USPS",),
        customer=_guest("Victor Hale", 124),
        story=(Said(-1500, _F.IN_TRANSIT), Said(-120, _F.OUT_FOR_DELIVERY)),
    ),
    DemoOrder(
        reference="P-505",
        item="Replacement tap",
        address="36 Spring Road",
        day=0,
        carriers=("UPS",),
        customer=_guest("Wanda Price", 125),
        story=(Said(-1400, _F.IN_TRANSIT), Said(-140, _F.OUT_FOR_DELIVERY)),
    ),
    DemoOrder(
        reference="P-506",
        item="Shower head",
        address="58 Queen Street",
        day=0,
        carriers=("UPS",),
        customer=_guest("Xenia Cole", 126),
        story=(Said(-145, _F.OUT_FOR_DELIVERY), Said(-50, _F.DELIVERED)),
    ),
    DemoOrder(
        reference="P-507",
        item="Carbon monoxide alarm",
        address="6 Abbey Walk",
        day=0,
        carriers=("USPS",),
        customer=_guest("Yusuf Amin", 127),
        story=(Said(-800, _F.OUT_FOR_DELIVERY), Said(-480, _F.DELIVERED)),
    ),
    DemoOrder(
        reference="P-508",
        item="Dishwasher door seal",
        address="90 Market Street",
        day=0,
        carriers=("FedEx",),
        customer=_guest("Zoe Kerr", 128),
        story=(Said(-135, _F.OUT_FOR_DELIVERY), Said(-35, _F.ATTEMPTED)),
    ),
    DemoOrder(
        reference="P-509",
        item="Immersion heater",
        address="12 Tower Hill",
        day=0,
        carriers=("DHL",),
        customer=_guest("Alan Beck", 129),
        story=(Said(-1500, _F.SHIPPED), Said(-70, _F.READY_FOR_PICKUP)),
    ),
    DemoOrder(
        reference="P-510",
        item="Heating control panel",
        address="24 Field Lane",
        day=0,
        carriers=("FedEx",),
        customer=_guest("Bea Fox", 130),
        story=(
            Said(-1500, _F.IN_TRANSIT),
            Said(-95, _F.DELAYED, days=2, reason=Reason.CARRIER),
        ),
    ),
    DemoOrder(
        reference="P-511",
        item="Copper pipe kit",
        address="71 Grove Road",
        day=0,
        carriers=("UPS",),
        customer=_guest("Cyrus Dunn", 131),
        story=(Said(-1500, _F.IN_TRANSIT), Said(-28, _F.EXCEPTION)),
    ),
    DemoOrder(
        reference="P-512",
        item="Towel rail and brackets",
        address="33 Sunny Bank",
        day=1,
        carriers=("UPS", "USPS"),
        customer=_guest("Dora Finch", 132),
        story=(Said(-1300, _F.SHIPPED),),
    ),
)
