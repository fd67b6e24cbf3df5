"""Templates as files: how they are written, and everything that can be wrong with them."""

from pathlib import Path
from typing import Any

import pytest

from app.events.catalogue import catalogue
from app.templates.definition import MediaHeader, TemplateDefinition
from app.templates.files import FolderError, path_of, read_folder, write, written

RIGHT = """event_type = "order-shipped"
name = "order_shipped"
language = "tr"
category = "UTILITY"
body = "Merhaba, siparişiniz {{carrier}} ile yola çıktı."

[samples]
carrier = "Yurtiçi Kargo"
"""
CATALOGUE = [one for event_type in catalogue().values() for one in event_type.templates]


def put(folder: Path, place: str, content: str | bytes = RIGHT) -> Path:
    path = folder / place
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


def faults(folder: Path) -> list[str]:
    with pytest.raises(FolderError) as refused:
        read_folder(folder)
    assert str(refused.value) == "\n".join(map(str, refused.value.faults))
    return [str(fault) for fault in refused.value.faults]


def definition(**changes: Any) -> TemplateDefinition:
    fields = {"name": "order_shipped", "language": "tr", "body": "Siparişiniz yola çıktı."}
    return TemplateDefinition(**fields | changes)


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"event_type": "order-shipped"}, "order-shipped/tr.toml"),
        ({"event_type": "order-shipped", "language": "en_US"}, "order-shipped/en_US.toml"),
        ({"event_type": "order-shipped", "name": "order_shipped_2"}, "order-shipped/tr.order_shipped_2.toml"),
        ({"event_type": "x-table-ready"}, "x-table-ready/tr.order_shipped.toml"),
        ({}, "_/order_shipped.tr.toml"),
    ],
)
def test_a_file_lies_where_its_event_type_language_and_name_say(changes: dict, place: str, tmp_path: Path) -> None:
    template = definition(**changes)
    assert path_of(template) == Path(place)
    assert write(template, tmp_path) == tmp_path / place
    (found,) = read_folder(tmp_path)
    assert (found.path, found.definition, found.sample) == (tmp_path / place, template, None)


def test_a_file_is_what_a_person_would_write(tmp_path: Path) -> None:
    (shipped,) = (one for one in CATALOGUE if (one.name, one.language) == ("order_shipped", "tr"))
    changes = {"header": "Kargo", "body": "Merhaba {{customer_name}},\n\nİyi günler dileriz, “ışık”.", "footer": "Demo"}
    samples = {"customer_name": "Ayşe Yılmaz"}
    template = shipped.model_copy(update=changes | {"samples": samples, "time_to_live": 3600})
    assert (
        written(template)
        == '''event_type = "order-shipped"
name = "order_shipped"
language = "tr"
category = "UTILITY"
time_to_live = 3600
header = "Kargo"
body = """
Merhaba {{customer_name}},

İyi günler dileriz, “ışık”."""
footer = "Demo"

[samples]
customer_name = "Ayşe Yılmaz"

[[buttons]]
kind = "url"
text = "Kargoyu takip et"
url = "{links}/{{1}}"
sample = "{links}/order_shipped"
'''
    )


def test_the_catalogue_becomes_one_file_for_each_event_type_and_language(tmp_path: Path) -> None:
    for template in CATALOGUE:
        write(template, tmp_path)
    found = read_folder(tmp_path)
    by_place = sorted(CATALOGUE, key=lambda one: path_of(one).as_posix())
    assert [file.definition for file in found] == by_place
    assert [file.path for file in found] == [tmp_path / one.event_type / f"{one.language}.toml" for one in by_place]


def test_the_sample_of_a_header_lies_beside_the_template(tmp_path: Path) -> None:
    put(tmp_path, "samples/invoice.pdf", b"%PDF-1.7")
    header = MediaHeader(format="DOCUMENT", sample="../samples/invoice.pdf")
    write(definition(event_type="order-shipped", header=header), tmp_path)
    (found,) = read_folder(tmp_path)
    assert found.sample is not None
    assert found.sample.read_bytes() == b"%PDF-1.7"


def test_a_sample_that_was_uploaded_is_no_file(tmp_path: Path) -> None:
    write(definition(header=MediaHeader(format="IMAGE", sample="med_01")), tmp_path)
    assert [file.sample for file in read_folder(tmp_path)] == [None]


@pytest.mark.parametrize(
    ("sample", "message"),
    [
        ("invoice.pdf", "there is no file invoice.pdf"),
        ("../../invoice.pdf", "must be a path to a file in this folder"),
        ("/etc/hostname", "must be a path to a file in this folder"),
    ],
)
def test_a_sample_must_be_there(sample: str, message: str, tmp_path: Path) -> None:
    write(definition(header=MediaHeader(format="DOCUMENT", sample=sample)), tmp_path)
    assert faults(tmp_path) == [f"_/order_shipped.tr.toml: header/sample: {message}"]


def test_an_empty_folder_has_no_templates(tmp_path: Path) -> None:
    put(tmp_path, "README.md", "Our templates.")
    assert read_folder(tmp_path) == []


def test_a_folder_must_be_there(tmp_path: Path) -> None:
    assert faults(tmp_path / "none") == [f"there is no folder {tmp_path / 'none'}"]


MISTAKES = {
    "unknown key": (RIGHT.replace("[samples]", 'bodey = "x"\n[samples]'), "bodey: Extra inputs are not permitted"),
    "wrong type": (RIGHT.replace('category = "UTILITY"', "category = 3"), "category: Input should be 'UTILITY', 'MAR"),
    "number as text": (
        RIGHT.replace("[samples]", 'time_to_live = "60"\n[samples]'),
        "time_to_live: Input should be a ",
    ),
    "date as text": (
        RIGHT.replace("[samples]", "footer = 2026-01-01\n[samples]"),
        "footer: Input should be a valid str",
    ),
    "header of no form": (
        RIGHT.replace("[samples]", "header = 3\n[samples]"),
        "header: Input should be a valid string",
    ),
    "header too long": (
        RIGHT.replace("[samples]", f'header = "{"a" * 61}"\n[samples]'),
        "header: String should have at",
    ),
    "header format": (
        RIGHT + '[header]\nformat = "GIF"\n',
        "header/format: Input should be 'IMAGE', 'DOCUMENT', 'LOCAT",
    ),
    "missing key": (RIGHT.replace('language = "tr"\n', ""), "language: Field required"),
    "button kind": (RIGHT + '[[buttons]]\nkind = "flow"\n', "buttons/0: Input tag 'flow' found"),
    "button without text": (RIGHT + '[[buttons]]\nkind = "url"\nurl = "{website}"\n', "buttons/0/text: Field required"),
    "button key": (
        RIGHT + '[[buttons]]\nkind = "quick_reply"\ntext = "Evet"\nurl = "x"\n',
        "buttons/0/url: Extra inputs are not permitted",
    ),
    "sample missing": (
        RIGHT.replace("[samples]", "").replace("carrier = ", "#"),
        "samples: placeholders ['carrier'] and samples",
    ),
    "time to live": (
        RIGHT.replace("[samples]", "time_to_live = 5\n[samples]"),
        "time_to_live: must be 30 to",
    ),
    "no toml": ("name = ", "is no TOML: Invalid value (at end of document)"),
    "not utf-8": (RIGHT.encode("iso-8859-9"), "is not written in UTF-8"),
    "language": (RIGHT.replace('"tr"', '"tr/.."'), "language: 'tr/..' is no code of a language"),
    "elsewhere": (
        RIGHT.replace('"order_shipped"', '"other"'),
        "by what is written in it, it belongs in order-shipped/tr",
    ),
    "event type": (RIGHT.replace("order-shipped", "Order"), "event_type: String should match pattern"),
}


@pytest.mark.parametrize(("content", "message"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_named_with_its_place(content: str | bytes, message: str, tmp_path: Path) -> None:
    (fault,) = faults(put(tmp_path, "order-shipped/tr.toml", content))
    assert fault.startswith(f"order-shipped/tr.toml: {message}")


def test_everything_that_is_wrong_is_in_one_report(tmp_path: Path) -> None:
    put(tmp_path, "order-shipped/en.toml", RIGHT.replace('"tr"', '"en"').replace('body = "', 'bodey = "'))
    put(tmp_path, "order-shipped/tr.toml")
    put(tmp_path, "zz/tr.toml")
    put(tmp_path, "too/deep/tr.toml", RIGHT.replace('"tr"', '"fr"'))
    assert faults(tmp_path) == [
        "order-shipped/en.toml: body: Field required",
        "order-shipped/en.toml: bodey: Extra inputs are not permitted",
        "too/deep/tr.toml: by what is written in it, it belongs in order-shipped/fr.toml",
        "zz/tr.toml: by what is written in it, it belongs in order-shipped/tr.toml",
        "zz/tr.toml: name: the same template, by name and language, is in order-shipped/tr.toml",
    ]


def test_a_file_that_cannot_be_read_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "tr.toml").mkdir()
    assert faults(tmp_path) == ["tr.toml: cannot be read: Is a directory"]


def test_a_language_that_is_none_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no code of a language"):
        write(definition(language="../tr"), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_the_example_of_the_documentation_is_a_template(tmp_path: Path) -> None:
    page = (Path(__file__).parents[3] / "docs" / "templates.md").read_text(encoding="utf-8")
    example = page.split("```toml\n")[1].split("```")[0]
    (file,) = read_folder(put(tmp_path, "order-shipped/tr.toml", example))
    assert written(file.definition) == example
