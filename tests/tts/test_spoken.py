"""What is written for eyes, as it is said."""

from __future__ import annotations

import subprocess
import sys

import pytest

from pichat.tts.spoken import speakable

MARKDOWN = [
    ("The kitchen light is on.", "The kitchen light is on."),
    ("## The weather", "The weather."),
    ("- Milk", "Milk."),
    ("• Milk", "Milk."),
    ("* [x] Bread", "Bread."),
    ("3. Eggs", "3, Eggs."),
    ("1. **Kitchen**: on\n2. Hall: off", "1, Kitchen: on. 2, Hall: off."),
    ("> As they say.", "As they say."),
    ("It is *very* __warm__ ~~today~~.", "It is very warm today."),
    ("***Careful!***", "Careful!"),
    ("Use `turn on` now.", "Use turn on now."),
    ("See [the manual](https://example.com/a_b?c=1) for more.", "See the manual for more."),
    ("![A red cat](cat.png)", "A red cat"),
    ("Salt &amp; pepper<br>here", "Salt and pepper here"),
    ("2 * 3 = 6, a_b and 5 < 6", "2 * 3 = 6, a_b and 5 < 6"),
    # What began or ends in another sentence.
    ("**Note.", "Note."),
    ("This is bold.**", "This is bold."),
    ("[See the manual.", "See the manual."),
    ("It helps](https://example.com).", "It helps."),
    ("```sh\npichat run\n```", "pichat run."),
    ("```py\na = 1\nb = 2\n```", ""),
    ("```py\nnot = 'closed'\nyet = True", ""),
    (
        "| Room | °C |\n|---|---|\n| Kitchen | 21 °C |\n| Bedroom | 19.5 °C |",
        "Kitchen: 21 degrees Celsius. Bedroom: 19.5 degrees Celsius.",
    ),
    (
        "| Room | Light | Blinds |\n|---|:-:|--:|\n| Kitchen | on | **open** |\n| Hall | off | |",
        "Kitchen: Light on, Blinds open. Hall: Light off.",
    ),
    ("---", ""),
    ("**", ""),
    ("👍🏽", ""),
    ("…", ""),
    (" \n ", ""),
    ("Done! 🎉🇵🇱👩‍🍳 1️⃣", "Done! 1"),
    ("Go to https://www.example.com/path/x?y=1.", "Go to example.com."),
    ("Ask me@example.org, or <https://example.org>", "Ask me@example.org, or example.org"),
]

QUANTITIES = [
    ("21.5 °C, 1 °C, 70 °F", "21.5 degrees Celsius, 1 degree Celsius, 70 degrees Fahrenheit"),
    ("21°C or 1.0 °C", "21 degrees Celsius or 1.0 degrees Celsius"),
    ("25°C/77°F", "25 degrees Celsius, or 77 degrees Fahrenheit"),
    ("-5 °C or −5 or (-3)", "minus 5 degrees Celsius or minus 5 or (minus 3)"),
    ("20–25 °C, 20-25 °C", "20 to 25 degrees Celsius, 20 to 25 degrees Celsius"),
    ("5 km/h, 3 m/s, 60 mph", "5 kilometers per hour, 3 meters per second, 60 miles per hour"),
    ("12.5 kWh at 42 W", "12.5 kilowatt-hours at 42 watts"),
    ("120 lx, 400 ppm, 20 m²", "120 lux, 400 parts per million, 20 square meters"),
    ("35 µg/m³", "35 micrograms per cubic meter"),
    ("2700 K, 45°, 1013 hPa", "2700 kelvins, 45 degrees, 1013 hectopascals"),
    ("1 kg in 30 s and 5 min", "1 kilogram in 30 seconds and 5 minutes"),
    ("50%, 5-6 %", "50%, 5 to 6 %"),
    ("$1,005.50, €5, $1, $0.99", "1005 dollars and 50 cents, 5 euros, 1 dollar, 99 cents"),
    ("£1.01, £2.50", "1 pound and 1 penny, 2 pounds and 50 pence"),
    ("$5 million and 5 € and 20 PLN", "5 million dollars and 5 euros and 20 Polish zlotys"),
    ("4G, 3D, A4, B12, 5x, H2O", "4G, 3D, A4, B12, 5 times, H 2 O"),
]

NUMBERS = [
    ("1,234.5 and 1,234,567", "1234.5 and 1234567"),
    ("1st, 22nd, 3.14", "1st, 22nd, 3.14"),
    ("1/2 cup, 2 1/2 cups", "one half cup, 2 and a half cups"),
    ("3/4, 7/10, 3/2", "three quarters, 7 out of 10, 3/2"),
    ("2½ and ½", "2 and ½ and ½"),
    ("10-12 people, 10–12", "10 to 12 people, 10 to 12"),
    ("2015-2020", "2015 to 2020"),
    ("555-1234 and 030-12345", "555-1234 and 030-12345"),
    ("24/7", "24 7"),
    ("192.168.1.10, 1.2.3", "192 dot 168 dot 1 dot 10, 1 point 2 point 3"),
    ("No. 5, #3, ~5, ±2", "number 5, number 3, about 5, plus or minus 2"),
    ("3 x 4, A → B, on/off, you & me", "3 by 4, A to B, on or off, you and me"),
    ("e.g. this, i.e. that, vs. both, etc.", "for example, this, that is, that, versus both, etc."),
    ("CO₂ and CO2", "C O 2 and C O 2"),
    ("No. The door is closed.", "No. The door is closed."),
]

TIMES = [
    ("At 3:05, 10:00, 15:30.", "At 3 oh 5, 10 o'clock, 15 30."),
    ("At 3:00 pm, 9am, 9:30 a.m., 12:00 PM", "At 3 p.m., 9 a.m., 9 30 a.m., 12 p.m."),
    ("At 15:00, 00:30, 00:00", "At 3 p.m., 12 30 a.m., 12 a.m."),
    ("14:05:20 and 25:00", "14 oh 5 and 20 seconds and 25:00"),
    ("9:00–17:30", "9 o'clock to 17 30"),
    ("2026-11-24", "the 24th of November twenty 26"),
    ("2026-11-24T07:05:00", "the 24th of November twenty 26, 7 oh 5"),
    ("24/11/2026, 11/24/2026", "the 24th of November twenty 26, the 24th of November twenty 26"),
    ("2026-13-24", "2026-13-24"),
    ("24 Nov 2026, the 3rd of May", "the 24th of November twenty 26, the 3rd of May"),
    ("Nov 24, November 24, 2026", "November 24th, November 24th, twenty 26"),
    ("In 1998, since 1905, until 2005", "In nineteen 98, since nineteen oh 5, until 2005"),
    ("The 1990s, the 80s, the 1900s", "The nineteen nineties, the eighties, the nineteen hundreds"),
    ("I may march 3 of them", "I may march 3 of them"),
]

ELSEWHERE = [
    ("de", "Es sind **21,5 °C** und 50 %.", "Es sind 21,5 Grad Celsius und 50 %."),
    ("de", "21.5 °C und -5 °C", "21,5 Grad Celsius und minus 5 Grad Celsius"),
    ("de", "20–25 °C, 10–12", "20 bis 25 Grad Celsius, 10 bis 12"),
    ("de", "1.234,5 kWh, 5 €, 20 m²", "1234,5 Kilowattstunden, 5 Euro, 20 Quadratmeter"),
    ("de-CH", "5 km/h um 15:30", "5 Kilometer pro Stunde um 15:30"),
    ("fr", "−5 °C → 3 °C", "moins 5 degrés Celsius, 3 degrés Celsius"),
    ("pl", "1 °C, 2 °C", "1 stopień Celsjusza, 2 stopnie Celsjusza"),
    ("pl", "5 °C, 1,5 °C", "5 stopni Celsjusza, 1,5 stopnia Celsjusza"),
    ("ru", "21 °C", "21 градус Цельсия"),
    ("nb", "5 °C", "5 grader celsius"),
    ("zh-CN", "现在是 21 °C。", "现在是 21摄氏度。"),
    ("sr-Latn", "5 °C", "5 stepeni Celzijusa"),
    ("pt-BR", "- 5 km/h", "5 quilômetros por hora."),
    ("xx", "5 °C 👍", "5 °C"),
]


@pytest.mark.parametrize(("written", "said"), [*MARKDOWN, *QUANTITIES, *NUMBERS, *TIMES])
def test_english(written: str, said: str) -> None:
    assert speakable(written, "en") == said


@pytest.mark.parametrize(("language", "written", "said"), ELSEWHERE)
def test_other_languages(language: str, written: str, said: str) -> None:
    assert speakable(written, language) == said


@pytest.mark.parametrize(
    "answer",
    [
        "Turned on the kitchen light.",
        "Set the living room blinds to 40 percent.",
        "The bathroom is at 22.5 degrees.",
        "Turned off 2 of 3 lights; the hallway light does not answer.",
        "It is 3 o'clock.",
    ],
)
def test_answers_of_the_house_stay_and_load_nothing(answer: str) -> None:
    script = (
        "import sys; from pichat.tts.spoken import speakable; said = speakable(sys.argv[1], 'en');"
        "assert not {'babel', 'markdown_it'} & set(sys.modules); print(said)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, answer], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == answer
