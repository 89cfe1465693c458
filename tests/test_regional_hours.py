"""What law and custom of a region add to a brand's quiet hours, and how their table is read."""

from __future__ import annotations

from datetime import datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from notifier.domain.messages import MessageKind
from notifier.domain.phones import countries_of, regions_of, zones_of
from notifier.domain.quiet.hours import QuietHours, next_allowed
from notifier.regional_hours import (
    FILE,
    RegionFile,
    quiet_by_kind,
    read_regional_hours,
)
from notifier.yaml_files import YamlInvalid, read_yaml
from tests.domain.stage import QUIET

PARIS = ZoneInfo("Europe/Paris")


def marketing(*regions: str, brand: QuietHours = QUIET) -> QuietHours:
    """Return when no marketing goes to a number of these regions."""
    return quiet_by_kind(brand, regions)[MessageKind.MARKETING]


@pytest.mark.parametrize(
    ("number", "planned", "goes"),
    [
        # 24 November 2026 is a Tuesday, the 26th Thanksgiving, the 29th a Sunday
        ("+12135550100", "2026-11-24 20:30", "2026-11-24 20:30"),  # California: federal law
        ("+12135550100", "2026-11-24 21:00", "2026-11-25 08:00"),
        ("+13055550100", "2026-11-24 20:30", "2026-11-25 08:00"),  # Florida
        ("+12145550100", "2026-11-29 10:00", "2026-11-29 12:00"),  # Texas, Sunday
        ("+12145550100", "2026-11-24 08:30", "2026-11-24 09:00"),
        ("+15025550100", "2026-11-24 09:00", "2026-11-24 10:00"),  # Kentucky
        ("+14015550100", "2026-11-24 18:00", "2026-11-25 09:00"),  # Rhode Island
        ("+14015550100", "2026-11-28 17:00", "2026-11-30 09:00"),
        ("+15045550100", "2026-11-25 21:00", "2026-11-27 08:00"),  # Louisiana, a holiday
        ("+33612345678", "2026-11-24 13:30", "2026-11-24 14:00"),  # France, at noon
        ("+33612345678", "2026-11-27 20:00", "2026-11-30 10:00"),
        ("+33612345678", "2026-07-14 11:00", "2026-07-15 10:00"),  # its holiday
        ("+34612345678", "2026-11-28 11:00", "2026-11-30 09:00"),  # Spain, at weekends
        ("+393312345678", "2026-11-28 09:00", "2026-11-28 10:00"),  # Italy, Saturday
        ("+61412345678", "2026-11-29 12:00", "2026-11-30 09:00"),  # Australia, Sunday
        ("+447400123456", "2026-11-24 20:30", "2026-11-25 08:00"),  # no row: custom
    ],
)
def test_marketing_waits_for_the_hours_of_the_numbers_region(
    number: str, planned: str, goes: str
) -> None:
    """By a clock where the number may be."""
    zone = ZoneInfo(zones_of(number)[0])
    moment = datetime.fromisoformat(planned).replace(tzinfo=zone)
    at = next_allowed(moment, marketing(*regions_of(number)), [zone])
    assert f"{at:%Y-%m-%d %H:%M}" == goes


def test_word_of_ones_own_visit_is_no_marketing() -> None:
    """Laws on selling say nothing of it: the brand's own hours hold."""
    assert set(quiet_by_kind(QUIET, ("US/305",))) == {MessageKind.MARKETING}


def test_the_brands_own_hours_count_too() -> None:
    """Its evening begins at seven."""
    early = QuietHours(time(19), time(8))
    assert marketing("US/213", brand=early).covers(
        datetime(2026, 11, 24, 19, 30, tzinfo=PARIS), PARIS
    )


@pytest.mark.parametrize("number", ["+18005550100", "+18335550100"])
def test_a_number_that_hides_its_state_gets_the_strictest_of_all(number: str) -> None:
    """Toll-free: Kentucky's morning, Rhode Island's evening, Alabama's Sunday."""
    quiet = marketing(*regions_of(number))
    zone = ZoneInfo("America/New_York")
    awake = [
        hour
        for hour in range(24)
        if not quiet.covers(datetime(2026, 11, 24, hour, tzinfo=zone), zone)
    ]
    assert awake == list(range(10, 18))
    assert quiet.covers(datetime(2026, 11, 29, 14, tzinfo=zone), zone)


def test_an_area_code_that_nobody_knows_may_be_in_any_state() -> None:
    """A new one is not taken for a state without rules."""
    assert marketing("US/999") == marketing("US")
    assert marketing("US/213") != marketing("US")


def test_a_country_that_can_t_be_told_has_the_custom_of_others() -> None:
    """Satellite telephones and the like."""
    assert regions_of("+80012345678") == ()
    assert marketing("") == marketing("GB")


def test_what_a_number_says_of_where_it_is() -> None:
    """The country; of the United States the area code; several countries where one code does."""
    assert regions_of("+12065550100") == ("US/206",)
    assert regions_of("+16135550100") == ("CA",)
    assert regions_of("+33612345678") == ("FR",)
    assert "GB" in regions_of("+440000000000")
    assert countries_of(["Europe/Paris", "America/New_York", "Nowhere"]) == ("FR", "US")


def test_law_is_binding_and_custom_is_not() -> None:
    """Each row says which it is, and where it has it from."""
    assert marketing("FR").law() is not None
    assert marketing("GB").law() is None
    rows = read_yaml(FILE, RegionFile).regions
    assert all(len(row.source) > 8 for row in rows)


def test_an_area_code_is_of_one_state() -> None:
    """None is listed twice, or as one of a state without rules."""
    file = read_yaml(FILE, RegionFile)
    codes = [code for row in file.regions for code in row.area_codes]
    codes += file.without_own_rules["US"]
    assert len(codes) == len(set(codes))


def test_a_faulty_row_is_told_with_its_line(tmp_path: Path) -> None:
    """Every fault, not only the first."""
    path = tmp_path / "quiet_hours.yaml"
    path.write_text(
        "regions:\n"
        "  - region: FR\n"
        "    kinds: [marketing]\n"
        '    daily: "21 to 8"\n'
        "    basis: law\n"
        "    source: somewhere or other\n"
        "  - region: France\n"
        "    kinds: [selling]\n"
        '    daily: ["08:00-12:00", "11:00-20:00"]\n'
        "    sundays: none\n"
        "    basis: law\n"
    )
    with pytest.raises(YamlInvalid) as caught:
        read_regional_hours(path)
    said = {(fault.line, fault.sentence.split(":")[0]) for fault in caught.value.faults}
    assert said == {
        (4, "`daily`"),
        (7, "`region`"),
        (8, "`kinds`"),
        (9, "`daily`"),
        (10, "`sundays` is not something that can be said here; did you mean `sun`?"),
        (7, "`source` is missing"),
    }
    assert "quiet_hours.yaml:4:" in str(caught.value)


@pytest.mark.parametrize("hours", ["08:00:30-21:00", "08:00-21:00Z", "08:00-21:00+01:00"])
def test_hours_are_written_to_the_minute_and_in_no_zone(tmp_path: Path, hours: str) -> None:
    """A second or an offset would count for nothing."""
    path = tmp_path / "quiet_hours.yaml"
    path.write_text(
        "regions:\n"
        "  - region: FR\n"
        "    kinds: [marketing]\n"
        f'    daily: "{hours}"\n'
        "    basis: law\n"
        "    source: somewhere or other\n"
    )
    with pytest.raises(YamlInvalid) as caught:
        read_regional_hours(path)
    assert [fault.line for fault in caught.value.faults] == [4]


@pytest.mark.parametrize("text", ["regions: [", None])
def test_a_file_that_can_t_be_read_at_all_is_one_fault(tmp_path: Path, text: str | None) -> None:
    """No YAML, or no file."""
    path = tmp_path / "quiet_hours.yaml"
    if text is not None:
        path.write_text(text)
    with pytest.raises(YamlInvalid) as caught:
        read_regional_hours(path)
    assert len(caught.value.faults) == 1
