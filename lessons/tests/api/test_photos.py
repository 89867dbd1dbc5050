"""A portrait: real pictures within limits, drawn anew; whatever else is sent is refused by name."""

import io
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from lessons.api import photos
from lessons.models import Photo, User
from lessons.tests.api.client import api, problem
from lessons.tests.pictures import jpeg_of_scans, jpeg_that_claims, picture, png_that_claims, webp_that_claims

pytestmark = pytest.mark.django_db

ME = "/api/v1/me/"


def upload(person: User, content: bytes, name: str = "me.jpg", **form: Any) -> Any:
    file = SimpleUploadedFile(name, content, "image/jpeg")
    return api(person).patch(ME, {"photo": file, **form}, format="multipart")


def address(person: User) -> str:
    return f"/api/v1/users/{person.pk}/photo/"


def kept(person: User) -> Image.Image:
    response = api(person).get(address(person))
    assert (response.status_code, response["Content-Type"]) == (200, "image/jpeg")
    return Image.open(io.BytesIO(response.content))


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_a_picture_becomes_a_portrait(form: str, bob: User) -> None:
    response = upload(bob, picture(form, (2000, 1000)))

    assert response.status_code == 200
    assert response.json()["photo"] == f"http://testserver{address(bob)}"
    assert response.json() == api(bob).get(ME).json()
    assert (kept(bob).format, kept(bob).size) == ("JPEG", (512, 256))


def test_a_progressive_jpeg_is_a_picture_like_any(bob: User) -> None:
    assert upload(bob, jpeg_of_scans(50)).status_code == 200
    assert kept(bob).size == (512, 512)


@pytest.mark.parametrize("mode", ["RGBA", "L", "LA", "P", "1", "CMYK", "I;16"])
def test_whatever_its_colours_are(mode: str, bob: User) -> None:
    form = "JPEG" if mode == "CMYK" else "PNG"

    assert upload(bob, picture(form, mode=mode)).status_code == 200
    assert kept(bob).mode == "RGB"


def test_what_can_be_seen_through_is_white(bob: User) -> None:
    upload(bob, picture("PNG", mode="RGB", transparency=(0, 128, 128)))

    assert kept(bob).getpixel((100, 100)) == (255, 255, 255)


def test_nothing_of_the_cameras_is_kept_but_which_way_is_up(bob: User) -> None:
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, "taken at 55.75, 37.61"  # lies on its side

    upload(bob, picture(size=(400, 200), exif=exif))

    assert kept(bob).size == (200, 400)
    assert not kept(bob).getexif()
    assert b"55.75" not in bytes(Photo.objects.get().content)


def test_what_hides_behind_a_picture_is_not_kept(bob: User) -> None:
    upload(bob, picture() + b"<script>alert(1)</script>", "me.php.jpg")

    assert b"script" not in bytes(Photo.objects.get().content)


def test_a_new_one_takes_the_place_of_the_old_and_null_takes_it_away(bob: User) -> None:
    upload(bob, picture(size=(100, 100)))
    upload(bob, picture(size=(200, 100)))
    assert kept(bob).size == (200, 100)

    response = api(bob).patch(ME, {"photo": None, "full_name": "Robert"})

    assert (response.json()["photo"], response.json()["full_name"]) == (None, "Robert")
    problem(api(bob).get(address(bob)), 404, "not_found", None)
    assert api(bob).patch(ME, {"photo": None}).status_code == 200


SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
REFUSED = {
    "no picture": (b"hello", "not_an_image"),
    "nothing": (b"", "not_an_image"),
    "a script": (b"<?php system($_GET['c']); ?>", "not_an_image"),
    "a drawing with a script": (SVG, "not_an_image"),
    "half a picture": (picture(size=(900, 900))[:300], "not_an_image"),
    "another format": (picture("GIF"), "not_an_image"),
    "PostScript": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 100 100\n", "not_an_image"),
    "a bomb": (png_that_claims(60_000, 60_000), "not_an_image"),
    "a bomb of a JPEG": (jpeg_that_claims(65_500, 65_500), "not_an_image"),
    "a bomb of time": (jpeg_of_scans(20_000), "not_an_image"),
    "a bomb that moves": (webp_that_claims(16_000, 16_000), "not_an_image"),
    "a wide one": (png_that_claims(5_000, 100), "size"),
    "a dot": (picture(size=(15, 200)), "size"),
    "an unpacked one that ends early": (png_that_claims(400, 400), "not_an_image"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_no_picture_within_limits_is_refused(case: str, bob: User) -> None:
    content, code = REFUSED[case]

    body = problem(upload(bob, content), 400, "invalid", "photo")

    assert body["errors"][0]["code"] in (code, "not_an_image")
    assert not Photo.objects.exists()


def test_who_comes_while_others_wait_is_told_to_come_again(bob: User) -> None:
    for _ in range(photos.AT_ONCE):
        photos._places.acquire()
    try:
        refused = upload(bob, picture())
    finally:
        photos._places.release(photos.AT_ONCE)

    problem(refused, 429, "throttled", None)
    assert refused.headers["Retry-After"] == "1"
    assert [upload(bob, content).status_code for content in (picture(), b"none", picture())] == [200, 400, 200]


def test_an_upload_of_more_than_a_megabyte_is_too_large(bob: User) -> None:
    problem(upload(bob, b"\xff\xd8" + b"a" * 1_000_000), 413, "body_too_large", None)


def test_a_form_carries_the_photo_and_nothing_else(bob: User) -> None:
    problem(upload(bob, picture(), role="admin"), 400, "invalid", "role")
    problem(upload(bob, picture(), full_name="Eve"), 400, "invalid", "full_name")
    problem(api(bob).patch(ME, {}, format="multipart"), 400, "invalid", "photo")
    problem(api(bob).patch(ME, {"photo": "me.jpg"}, format="multipart"), 400, "invalid", "photo")
    assert not Photo.objects.exists()


@pytest.mark.parametrize("name", ["../../etc/passwd", "a\x00.jpg", "CON", "a" * 300 + ".jpg", "фото.jpg"])
def test_the_files_name_does_not_matter(name: str, bob: User) -> None:
    assert upload(bob, picture(), name).status_code in (200, 400)


@pytest.mark.parametrize("boundary", ["", "; boundary=", "; boundary=x"])
def test_a_broken_form_is_malformed(boundary: str, bob: User) -> None:
    response = api(bob).patch(ME, b"--y\r\ngarbage", content_type=f"multipart/form-data{boundary}")

    problem(response, 400, response.json()["code"])


@pytest.mark.parametrize(("who", "status"), [("bob", 200), ("alice", 200), ("maria", 200), ("carol", 404), (None, 401)])
def test_a_photo_is_for_those_who_find_the_person(
    who: str | None, status: int, bob: User, request: pytest.FixtureRequest
) -> None:
    upload(bob, picture())
    reader = request.getfixturevalue(who) if who else None

    assert api(reader).get(address(bob)).status_code == status


def test_a_photo_that_has_not_changed_is_not_sent_again(bob: User) -> None:
    upload(bob, picture())
    etag = api(bob).get(address(bob))["ETag"]

    again = api(bob).get(address(bob), headers={"If-None-Match": etag})
    upload(bob, picture(size=(100, 100)))

    assert (again.status_code, again.content) == (304, b"")
    assert api(bob).get(address(bob), headers={"If-None-Match": etag}).status_code == 200
