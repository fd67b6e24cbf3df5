"""Samples of headers: kept from beside their templates, each once."""

from pathlib import Path

import pytest

from app.cli.at_meta import accounts_of
from app.cli.sample_files import with_kept_sample
from app.container import Container
from app.core.problems import Problem
from app.templates.definition import MediaHeader, TemplateDefinition
from app.templates.files import TemplateFile, read_folder, write
from app.templates.service import Account
from tests.support.world import World


@pytest.fixture
async def account(container: Container, world: World) -> Account:
    business = await container.directory.business(world.business_id)
    assert business is not None
    (at_meta,) = accounts_of(container, business, "test")
    return at_meta.account


def invoice(folder: Path, name: str, sample: bytes = b"%PDF-1.7\n%%EOF\n", suffix: str = "pdf") -> TemplateFile:
    header = MediaHeader(format="DOCUMENT", sample=f"invoice.{suffix}")
    path = write(TemplateDefinition(name=name, language="tr", header=header, body="Faturanız ektedir."), folder)
    path.with_name(f"invoice.{suffix}").write_bytes(sample)
    return next(file for file in read_folder(folder) if file.path == path)


async def test_the_same_sample_is_one_file(container: Container, account: Account, tmp_path: Path) -> None:
    files = [invoice(tmp_path, name) for name in ("first", "second")]
    kept = [(await with_kept_sample(container.media, account, file)).header for file in files]
    assert all(isinstance(one, MediaHeader) and (one.sample or "").startswith("med_") for one in kept)
    assert kept[0] == kept[1]


async def test_a_template_without_a_sample_stays_as_it_is(
    container: Container, account: Account, tmp_path: Path
) -> None:
    definition = TemplateDefinition(name="plain", language="tr", body="Faturanız hazır.")
    file = TemplateFile(write(definition, tmp_path), definition)
    assert await with_kept_sample(container.media, account, file) is definition


@pytest.mark.parametrize(("sample", "suffix"), [(b"no PDF", "pdf"), (b"\x7fELF", "bin")])
async def test_what_meta_would_not_show_is_refused(
    container: Container, account: Account, tmp_path: Path, sample: bytes, suffix: str
) -> None:
    with pytest.raises(Problem):
        await with_kept_sample(container.media, account, invoice(tmp_path, "first", sample, suffix))
