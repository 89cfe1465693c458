"""What a caller sends to book a job or to correct its people."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field, StrictBool

from notifier.booking import NewAppointment, NewOrder
from notifier.customers.consents import NewConsent
from notifier.domain.messages import Channel, MessageKind, Role
from notifier.domain.phones import to_e164
from notifier.errors import Invalid
from notifier.parcels import NewParcel
from notifier.people import UNSET, NewPerson, PeoplePatch
from notifier.shapes import (
    Body,
    Email,
    Locale,
    Moment,
    ParcelIn,
    Phone,
    PlaceIn,
    Reference,
    ShortText,
    WhoGoesIn,
    WindowIn,
    Zone,
    name_and_phone,
)


class OtherRole(StrEnum):
    """Whom a job concerns beside its customer."""

    SECOND_CONTACT = Role.SECOND_CONTACT.value
    ON_SITE = Role.ON_SITE.value


class ConsentIn(Body):
    """What somebody said about one kind of message. Without `channels`, for all of theirs."""

    granted: StrictBool
    source: Annotated[ShortText, Field(max_length=40)] = "api"
    at: Moment | None = None
    channels: Annotated[tuple[Channel, ...], Field(max_length=2)] = ()


def _to_consents(said: dict[MessageKind, ConsentIn]) -> tuple[NewConsent, ...]:
    return tuple(
        NewConsent(
            kind=kind,
            granted=consent.granted,
            source=consent.source,
            at=consent.at,
            channels=consent.channels,
        )
        for kind, consent in said.items()
    )


class PersonIn(Body):
    """Somebody to tell. A number without a + is read as of the brand's country.

    `reference` is the caller's own of this human, the same in all their jobs; without one they
    are known by name and number together. `consents` is what they agreed to or refused.
    """

    reference: Reference | None = None
    name: ShortText | None = None
    phone: Phone | None = None
    email: Email | None = None
    time_zone: Zone | None = None
    locale: Locale | None = None
    consents: Annotated[dict[MessageKind, ConsentIn], Field(default_factory=dict)]

    def to_person(self, role: Role, *, country: str, field: str) -> NewPerson:
        """Return who this is; `field` is where they stand in the body."""
        return NewPerson(
            role=role,
            reference=self.reference,
            name=self.name,
            phone=_checked_phone(self.phone, country, f"{field}.phone"),
            email=self.email,
            zone=self.time_zone,
            locale=self.locale,
            consents=_to_consents(self.consents),
        )


class OtherPersonIn(PersonIn):
    """Somebody beside the customer, in their role."""

    role: OtherRole


class BookingIn(Body):
    """What appointments and orders have in common."""

    reference: Reference
    window: WindowIn | None = None
    place: PlaceIn = PlaceIn()
    customer: PersonIn
    people: Annotated[tuple[OtherPersonIn, ...], Field(max_length=10)] = ()

    def _people(self, country: str) -> tuple[NewPerson, ...]:
        others = (
            person.to_person(Role(person.role), country=country, field=f"people.{index}")
            for index, person in enumerate(self.people)
        )
        customer = self.customer.to_person(Role.CUSTOMER, country=country, field="customer")
        return (customer, *others)


class AppointmentIn(BookingIn):
    """A visit in a window. Without a window, the first one told becomes the promise."""

    service: ShortText
    technician: WhoGoesIn | None = None

    def to_new(self, country: str) -> NewAppointment:
        """Return what to book; `country` reads numbers without a +.

        :raises Invalid: if a phone number can't be one.
        """
        technician, technician_phone = name_and_phone(self.technician)
        return NewAppointment(
            reference=self.reference,
            service=self.service,
            technician=technician,
            technician_phone=technician_phone,
            window=self.window.to_window() if self.window else None,
            zone=self.place.time_zone,
            address=self.place.address,
            people=self._people(country),
        )


class OrderIn(BookingIn):
    """Things on their way in one or more parcels; the window is the promised delivery."""

    service: ShortText | None = None
    items: Annotated[tuple[ShortText, ...], Field(max_length=100)] = ()
    parcels: Annotated[tuple[ParcelIn, ...], Field(max_length=50)] = ()

    def to_new(self, country: str) -> NewOrder:
        """As `AppointmentIn.to_new`."""
        return NewOrder(
            reference=self.reference,
            service=self.service,
            items=self.items,
            parcels=tuple(
                NewParcel(carrier=parcel.carrier, tracking_code=parcel.tracking_code)
                for parcel in self.parcels
            ),
            window=self.window.to_window() if self.window else None,
            zone=self.place.time_zone,
            address=self.place.address,
            people=self._people(country),
        )


class PersonPatchIn(Body):
    """What to correct of one person; null takes a thing away.

    `wrong_number` says that the number on record is somebody else's. `consents` adds what they
    agree to or refuse from now on.
    """

    reference: Reference | None = None
    name: ShortText | None = None
    phone: Phone | None = None
    email: Email | None = None
    time_zone: Zone | None = None
    locale: Locale | None = None
    wrong_number: StrictBool = False
    consents: Annotated[dict[MessageKind, ConsentIn], Field(default_factory=dict)]

    def to_patch(self, role: Role, *, country: str, field: str) -> PeoplePatch:
        """Return the correction; what the body does not name is left alone."""
        given = self.model_fields_set
        if "locale" in given and self.locale is None:
            raise Invalid(f"{field}.locale", "can be changed, but not taken away")
        return PeoplePatch(
            role=role,
            reference=self.reference if "reference" in given else UNSET,
            name=self.name if "name" in given else UNSET,
            phone=_checked_phone(self.phone, country, f"{field}.phone")
            if "phone" in given
            else UNSET,
            email=self.email if "email" in given else UNSET,
            zone=self.time_zone if "time_zone" in given else UNSET,
            locale=self.locale if self.locale is not None else UNSET,
            wrong_number=self.wrong_number,
            consents=_to_consents(self.consents),
        )


class OtherPersonPatchIn(PersonPatchIn):
    """What to correct of the person in that role."""

    role: OtherRole


class JobPatchIn(Body):
    """Corrections of people and how to reach them; messages that wait follow."""

    customer: PersonPatchIn | None = None
    people: Annotated[tuple[OtherPersonPatchIn, ...], Field(max_length=2)] = ()

    def to_patches(self, country: str) -> list[PeoplePatch]:
        """Return the corrections, each of another role.

        :raises Invalid: if there is none, a role is named twice, or a number can't be one.
        """
        patches = [
            person.to_patch(Role(person.role), country=country, field=f"people.{index}")
            for index, person in enumerate(self.people)
        ]
        if self.customer is not None:
            patches.insert(
                0, self.customer.to_patch(Role.CUSTOMER, country=country, field="customer")
            )
        if not patches:
            raise Invalid("body", "must correct the customer or one of the people")
        if len({patch.role for patch in patches}) < len(patches):
            raise Invalid("people", "must name each role once")
        return patches


def _checked_phone(phone: str | None, country: str, field: str) -> str | None:
    if phone is None:
        return None
    try:
        return to_e164(phone, country)
    except ValueError as error:
        raise Invalid(field, str(error)) from None
