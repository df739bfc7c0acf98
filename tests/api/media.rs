//! Files: how the newsroom uploads and describes them, and how readers get them.

use std::io::Cursor;
use std::time::{Duration, SystemTime};

use actix_web::http::Method;
use futures_util::future::join_all;
use galley::accounts::permissions::Role;
use galley::jobs;
use galley::media::storage::{Content, StorageFault, StorageKey};
use image::{ImageFormat, Rgb, RgbImage};
use img_parts::ImageEXIF as _;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::on_both_databases;
use crate::support::answer::{Answer, only_fault};
use crate::support::app::TestApp;
use crate::support::client::{Client, Draft, id};
use crate::support::s3;

const MEDIA: &str = "/v1/editorial/media";

const SVG: &str = "<svg xmlns=\"http://www.w3.org/2000/svg\"><script>alert(1)</script></svg>";

/// Where the newsroom finds a file.
fn desk(file: &Value) -> String {
    format!("{MEDIA}/{}", id(file))
}

/// Where readers find its bytes.
fn bytes_of(file: &Value) -> String {
    format!("/v1/media/{}/file", id(file))
}

/// A picture of one colour.
pub fn png(width: u32, shade: u8) -> Vec<u8> {
    encoded(width, shade, ImageFormat::Png)
}

fn encoded(width: u32, shade: u8, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    let picture = RgbImage::from_pixel(width, 2, Rgb([shade, 20, 30]));
    picture.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

/// What begins as a video does, of any length.
fn video(length: usize) -> Vec<u8> {
    let mut bytes = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom".to_vec();
    let rest = length.saturating_sub(bytes.len());
    bytes.extend((0..rest).map(|place| u8::try_from(place % 251).unwrap()));
    bytes
}

fn sha256(bytes: &[u8]) -> String {
    galley::http::write::hexadecimal(&Sha256::digest(bytes))
}

/// One part of a form: the rest of its `Content-Disposition`, its media type, and what it holds.
type FormPart<'a> = (&'a str, Option<&'a str>, &'a [u8]);

/// A form as browsers and curl send it.
fn form(client: &Client, parts: &[FormPart<'_>]) -> Draft {
    form_with(client, "----a-boundary", parts)
}

fn form_with(client: &Client, boundary: &str, parts: &[FormPart<'_>]) -> Draft {
    let mut body = Vec::new();
    for (disposition, media_type, content) in parts {
        body.extend(format!("--{boundary}\r\nContent-Disposition: form-data; {disposition}\r\n").bytes());
        if let Some(media_type) = media_type {
            body.extend(format!("Content-Type: {media_type}\r\n").bytes());
        }
        body.extend(b"\r\n");
        body.extend(*content);
        body.extend(b"\r\n");
    }
    body.extend(format!("--{boundary}--\r\n").bytes());
    let media_type = format!("multipart/form-data; boundary={boundary}");
    client.request(Method::POST, MEDIA).body(&media_type, body)
}

/// A file as `curl -T` sends it, but for the media type, which curl does not name.
fn raw(client: &Client, name: &str, media_type: &str, bytes: &[u8]) -> Draft {
    let path = format!("{MEDIA}/files/{name}");
    client.request(Method::PUT, &path).body(media_type, bytes)
}

async fn upload(client: &Client, name: &str, bytes: &[u8]) -> Value {
    raw(client, name, "application/octet-stream", bytes)
        .send()
        .await
        .expect(201)
        .json()
}

fn names(answer: &Answer) -> Vec<String> {
    let list = answer.json();
    let files = list["data"].as_array().unwrap();
    files
        .iter()
        .map(|file| file["file_name"].as_str().unwrap().to_owned())
        .collect()
}

on_both_databases! {
    async fn a_picture_is_uploaded_with_a_form_and_seen_by_readers(app: TestApp) {
        let (ada, reader) = (app.editor().await, app.reader());
        let picture = png(3, 90);
        let answer = form(&ada, &[
            ("name=\"alt\"", None, "Two cranes".as_bytes()),
            ("name=\"file\"; filename=\"../harbour.png\"", Some("image/png"), &picture),
            ("name=\"credit\"", None, "Ada".as_bytes()),
        ]).send().await.expect(201);
        let file = answer.json();
        let url = format!("https://galley.example{}", bytes_of(&file));
        assert_eq!(file, json!({
            "id": file["id"], "kind": "image", "content_type": "image/png", "byte_size": picture.len(),
            "file_name": "harbour.png", "sha256": sha256(&picture), "url": url, "width": 3, "height": 2,
            "alt": "Two cranes", "credit": "Ada", "blurhash": file["blurhash"], "dominant_color": "#5a141e", "revision": 1,
            "created_at": "2026-03-01T12:00:00.000Z", "created_by": file["created_by"],
            "updated_at": "2026-03-01T12:00:00.000Z", "updated_by": file["created_by"],
        }));
        assert_eq!(answer.header("location"), format!("https://galley.example{}", desk(&file)));
        let read = ada.get(&desk(&file)).await.expect(200);
        assert_eq!((read.json(), read.header("etag")), (file.clone(), answer.header("etag")));

        let seen = reader.get(&format!("/v1/media/{}", id(&file))).await.expect(200);
        assert_eq!(seen.json(), json!({
            "id": file["id"], "kind": "image", "content_type": "image/png", "byte_size": picture.len(),
            "file_name": "harbour.png", "url": url, "width": 3, "height": 2, "alt": "Two cranes", "credit": "Ada",
            "blurhash": file["blurhash"], "dominant_color": "#5a141e",
            "renditions": [{
                "url": seen.json()["renditions"][0]["url"], "width": 3, "height": 2, "content_type": "image/webp",
            }],
        }));
        let smaller = seen.json()["renditions"][0]["url"].as_str().unwrap().to_owned();
        let smaller = reader.get(smaller.strip_prefix("https://galley.example").unwrap()).await.expect(200);
        assert_eq!(smaller.header("content-type"), "image/webp");
        assert!(seen.header("cache-control").starts_with("public, max-age=0"));
        let tag = seen.header("etag").to_owned();
        let path = format!("/v1/media/{}", id(&file));
        reader.request(Method::GET, &path).header("If-None-Match", &tag).send().await.expect(304);

        let got = reader.get(&bytes_of(&file)).await.expect(200);
        assert_eq!(got.body, picture);
        for (name, value) in [
            ("content-type", "image/png"),
            ("etag", &format!("\"{}\"", sha256(&picture))),
            ("cache-control", "public, max-age=31536000, immutable"),
            ("content-disposition", "inline; filename=\"harbour.png\"; filename*=UTF-8''harbour.png"),
            ("x-content-type-options", "nosniff"),
            ("content-security-policy", "default-src 'none'; style-src 'unsafe-inline'; sandbox"),
            ("cross-origin-resource-policy", "cross-origin"),
            ("accept-ranges", "bytes"),
        ] {
            assert_eq!(got.header(name), value, "{name}");
        }
        let tag = got.header("etag").to_owned();
        for tags in [tag.clone(), format!("\"other\", W/{tag}"), "*".to_owned()] {
            let held = reader.request(Method::GET, &bytes_of(&file)).header("If-None-Match", &tags).send().await.expect(304);
            assert_eq!((held.body.len(), held.header("etag")), (0, tag.as_str()));
        }
        let entries = app.lines("SELECT action || ' ' || subject_label AS line FROM audit_entries".to_owned()).await;
        assert_eq!(entries, ["media.uploaded harbour.png"]);
    }

    async fn a_file_is_uploaded_as_it_is_with_its_name_in_the_path(app: TestApp) {
        let ada = app.editor().await;
        let path = "caf%C3%A9%20100%25.png?alt=Two%20cranes&caption=The+harbour&credit=Ada";
        let file = raw(&ada, path, "image/png", &png(3, 1)).send().await.expect(201).json();
        let told = |name: &str| file[name].as_str().unwrap().to_owned();
        assert_eq!(told("file_name"), "café 100%.png");
        assert_eq!((told("alt"), told("caption"), told("credit")), ("Two cranes".into(), "The harbour".into(), "Ada".into()));
        let got = app.reader().get(&bytes_of(&file)).await.expect(200);
        let expected = "inline; filename=\"caf_ 100_.png\"; filename*=UTF-8''caf%C3%A9%20100%25.png";
        assert_eq!(got.header("content-disposition"), expected);

        // Whatever the name is, it leads nowhere.
        for (shade, (name, kept)) in [
            ("..%2f..%2fetc%2fpasswd", "passwd"),
            ("..%5c..%5cboot.ini", "boot.ini"),
            ("%00%0a.%2e%2e.png", "....png"),
            ("a:b.png", "ab.png"),
        ].into_iter().enumerate() {
            let picture = png(4, u8::try_from(shade).unwrap());
            let file = raw(&ada, name, "application/octet-stream", &picture).send().await.expect(201).json();
            assert_eq!(file["file_name"], kept, "{name}");
        }
        let picture = png(5, 5);
        let nameless = raw(&ada, "..%2f..", "application/octet-stream", &picture).send().await.expect(201).json();
        assert_eq!(nameless["file_name"], format!("{}.png", sha256(&picture).get(..12).unwrap()));
        assert!(app.media_files().iter().all(|path| path.starts_with("originals/")), "{:?}", app.media_files());
    }

    async fn readers_get_a_picture_without_what_the_camera_wrote_into_it(app: TestApp) {
        let ada = app.editor().await;
        let plain = encoded(8, 200, ImageFormat::Jpeg);
        let mut jpeg = img_parts::jpeg::Jpeg::from_bytes(plain.clone().into()).unwrap();
        jpeg.set_exif(Some(b"II*\0\x08\0\0\0\0\0\0\0\0\0the harbour is at 54N 10E".to_vec().into()));
        let mut photo = Vec::new();
        jpeg.encoder().write_to(&mut photo).unwrap();
        let file = upload(&ada, "photo.jpg", &photo).await;
        assert_eq!(file["sha256"], sha256(&photo));
        let got = app.reader().get(&bytes_of(&file)).await.expect(200);
        assert!(!got.text().contains("54N"));
        assert_eq!(file["byte_size"], got.body.len());
        assert_eq!(got.header("etag"), format!("\"{}\"", sha256(&got.body)));
        // It is known by what was uploaded.
        let again = raw(&ada, "photo.jpg", "image/jpeg", &photo).send().await.expect(200);
        assert_eq!(again.json(), file);
        assert_eq!(app.media_files().len(), 1);
    }

    async fn the_same_bytes_are_stored_once(app: TestApp) {
        let (ada, grace) = (app.editor().await, app.account(Role::Author).await);
        let picture = png(3, 7);
        let first = raw(&ada, "one.png?alt=One", "image/png", &picture).send().await.expect(201).json();
        let again = raw(&grace, "two.png?alt=Two", "image/png", &picture).send().await.expect(200);
        assert_eq!((again.json(), again.header("location")), (first.clone(), ""));
        assert_eq!(app.media_files(), [format!("originals/{}/{}", sha256(&picture).get(..2).unwrap(), sha256(&picture))]);

        let other = video(100_000);
        let answers = join_all((0..8).map(|number| raw(&ada, &format!("{number}.mp4"), "video/mp4", &other).send())).await;
        let made = answers.iter().filter(|answer| answer.status == 201).count();
        assert_eq!(made, 1, "{:?}", answers.iter().map(|answer| answer.status).collect::<Vec<_>>());
        let ids: std::collections::BTreeSet<String> = answers.iter().map(|answer| id(&answer.json()).to_owned()).collect();
        assert_eq!((ids.len(), app.media_files().len()), (1, 2));
        assert_eq!(app.reader().get(&bytes_of(&answers[0].json())).await.expect(200).body, other);
        let rows = app.lines("SELECT file_name AS line FROM media".to_owned()).await;
        assert_eq!(rows.len(), 2, "{rows:?}");
    }

    async fn a_file_that_was_lost_comes_back_with_an_upload(app: TestApp) {
        let ada = app.editor().await;
        let picture = png(3, 8);
        let file = upload(&ada, "one.png", &picture).await;
        let key = StorageKey::original(&sha256(&picture));
        app.state.media.remove(&key).await.unwrap();
        app.reader().get(&bytes_of(&file)).await.problem(500, "internal-error");
        raw(&ada, "one.png", "image/png", &picture).send().await.expect(200);
        assert_eq!(app.reader().get(&bytes_of(&file)).await.expect(200).body, picture);
    }

    async fn an_upload_can_be_rehearsed_and_sent_again(app: TestApp) {
        let ada = app.editor().await;
        let picture = png(3, 9);
        let parts: [FormPart<'_>; 1] = [("name=\"file\"; filename=\"one.png\"", Some("image/png"), &picture)];
        app.rehearse(form(&ada, &parts)).await.expect(201);
        assert_eq!(app.media_files(), [""; 0]);
        app.rehearse_and_send(|| raw(&ada, "zero.png", "image/png", &png(3, 10))).await.expect(201);
        assert_eq!(app.media_files().len(), 1);

        // No client makes the same boundary twice.
        let first = form_with(&ada, "one", &parts).key("8e03978e").send().await.expect(201);
        let again = form_with(&ada, "two", &parts).key("8e03978e").send().await.expect(201);
        assert_eq!((again.header("idempotent-replayed"), again.json()), ("true", first.json()));
        let other = png(3, 11);
        let parts: [FormPart<'_>; 1] = [("name=\"file\"; filename=\"one.png\"", Some("image/png"), &other)];
        form(&ada, &parts).key("8e03978e").send().await.problem(422, "idempotency-key-reused");
        let problem = form(&ada, &parts).header("Idempotency-Key", "\"no end").send().await.problem(400, "malformed-request");
        assert_eq!(only_fault(&problem)["header"], "Idempotency-Key");
        assert_eq!(app.media_files().len(), 2);
        // Also the answer to an upload of what is there is given again.
        let known = || raw(&ada, "one.png", "image/png", &picture).key("known").send();
        known().await.expect(200);
        assert_eq!(known().await.expect(200).header("idempotent-replayed"), "true");
        app.rehearse_and_send(|| raw(&ada, "one.png", "image/png", &picture)).await.expect(200);
    }

    async fn a_form_that_is_wrong_is_explained_and_leaves_nothing(app: TestApp) {
        let ada = app.editor().await;
        let picture = png(3, 12);
        let file: FormPart<'_> = ("name=\"file\"; filename=\"one.png\"", Some("image/png"), &picture);
        let (long, not_text, far_too_long) = ("é".repeat(1_001), [0xff_u8, 0xfe], vec![b'x'; 20_000]);
        let wrong: [(&[FormPart<'_>], &str, &str); 9] = [
            (&[], "#/file", "required"),
            (&[("name=\"alt\"", None, b"Two cranes")], "#/file", "required"),
            (&[file, ("name=\"file\"; filename=\"two.png\"", None, &picture)], "#/file", "duplicate"),
            (&[file, ("name=\"alt_text\"", None, b"Two cranes")], "#/alt_text", "unknown"),
            (&[("name=\"alt\"", None, long.as_bytes()), file], "#/alt", "too-long"),
            (&[file, ("name=\"caption\"", None, b"")], "#/caption", "empty"),
            (&[file, ("name=\"credit\"", None, &not_text)], "#/credit", "not-utf-8"),
            (&[file, ("name=\"credit\"", None, &far_too_long)], "#/credit", "too-long"),
            (&[("name=\"file\"; filename=\"one.png\"", Some("image/png"), b"")], "#/file", "empty"),
        ];
        for (parts, pointer, code) in wrong {
            let problem = form(&ada, parts).send().await.problem(422, "validation-failed");
            let fault = only_fault(&problem);
            assert_eq!((&fault["pointer"], &fault["code"]), (&json!(pointer), &json!(code)), "{problem}");
        }
        let send = |media_type: &'static str, body: &'static str| ada.request(Method::POST, MEDIA).body(media_type, body).send();
        for (media_type, body) in [
            ("multipart/form-data", "--x--"),
            ("multipart/form-data; boundary=x", ""),
            ("multipart/form-data; boundary=x", "nonsense"),
            ("multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\nGIF89a"),
            ("multipart/form-data; boundary=x", "--x\r\nContent-Type: image/png\r\n\r\nGIF89a\r\n--x--\r\n"),
        ] {
            send(media_type, body).await.problem(400, "malformed-request");
        }
        let problem = send("application/json", "{}").await.problem(415, "unsupported-media-type");
        assert!(problem["detail"].as_str().unwrap().contains("/v1/editorial/media/files/"), "{problem}");
        let problem = ada.request(Method::POST, &format!("{MEDIA}?alt=Two")).body("multipart/form-data; boundary=x", "--x--").send().await;
        problem.problem(400, "unknown-parameter");
        let problem = raw(&ada, "one.png?alternative=Two", "image/png", &picture).send().await.problem(400, "unknown-parameter");
        assert_eq!(only_fault(&problem)["parameter"], "alternative");
        raw(&ada, "one.png?alt=", "image/png", &picture).send().await.problem(400, "invalid-parameter");
        raw(&ada, "one.png", "image/png", b"").send().await.problem(422, "validation-failed");
        let coded = raw(&ada, "one.png", "image/png", &picture).header("Content-Encoding", "gzip").send().await;
        coded.problem(415, "unsupported-media-type");
        assert_eq!(app.media_files(), [""; 0]);
        assert_eq!(names(&ada.get(MEDIA).await), [""; 0]);
    }

    async fn a_file_is_what_its_bytes_are(app: TestApp) {
        let ada = app.editor().await;
        let picture = png(3, 13);
        let problem = raw(&ada, "one.png", "image/jpeg", &picture).send().await.problem(415, "media-type-mismatch");
        assert_eq!(only_fault(&problem)["header"], "Content-Type");
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.contains("image/jpeg") && detail.contains("image/png"), "{detail}");
        let problem = raw(&ada, "one.jpg", "application/octet-stream", &picture).send().await.problem(415, "media-type-mismatch");
        assert_eq!(only_fault(&problem)["parameter"], "file_name");
        let parts: [FormPart<'_>; 1] = [("name=\"file\"; filename=\"one.png\"", Some("text/html"), &picture)];
        let problem = form(&ada, &parts).send().await.problem(415, "media-type-mismatch");
        assert_eq!(only_fault(&problem)["pointer"], "#/file");
        let page = b"<!DOCTYPE html><html><body><script>alert(1)</script></body></html>";
        for (name, media_type, bytes) in [
            ("page.html", "text/html", page.as_slice()),
            ("page.png", "image/png", page),
            ("page.svg", "image/svg+xml", page),
            ("program.exe", "application/octet-stream", b"MZ\x90\0\x03\0\0\0"),
            ("text.txt", "text/plain", b"The harbour"),
            ("archive.zip", "application/zip", b"PK\x03\x04\x14\0\0\0"),
        ] {
            let problem = raw(&ada, name, media_type, bytes).send().await.problem(415, "unsupported-media-type");
            let detail = problem["detail"].as_str().unwrap();
            assert!(detail.contains("image/avif") && detail.contains("video/webm"), "{detail}");
        }
        // Other names of the same type, and names that say nothing.
        for (name, media_type) in [("one.png", "image/x-png"), ("one", "application/octet-stream"), ("one.data", "binary/octet-stream")] {
            let answer = raw(&ada, name, media_type, &picture).send().await;
            assert!([200, 201].contains(&answer.status), "{}", answer.text());
        }
        let mut cut = encoded(64, 14, ImageFormat::Png);
        cut.truncate(60);
        let problem = raw(&ada, "cut.png", "image/png", &cut).send().await.problem(422, "validation-failed");
        let fault = only_fault(&problem);
        assert_eq!((&fault["pointer"], &fault["code"]), (&json!("#/file"), &json!("invalid-image")));
        assert_eq!(app.media_files().len(), 1);
    }

    async fn a_part_of_a_file_can_be_read(app: TestApp) {
        let (ada, reader) = (app.editor().await, app.reader());
        let bytes = video(200_000);
        let file = upload(&ada, "film.mp4", &bytes).await;
        let part = |range: &str| reader.request(Method::GET, &bytes_of(&file)).header("Range", range).send();
        for (range, first, last) in [("bytes=0-0", 0, 0), ("bytes=100-70099", 100, 70_099), ("bytes=199990-", 199_990, 199_999), ("bytes=-5", 199_995, 199_999)] {
            let got = part(range).await.expect(206);
            assert_eq!(got.body, bytes[first..=last], "{range}");
            assert_eq!(got.header("content-range"), format!("bytes {first}-{last}/200000"));
            assert_eq!((got.header("content-type"), got.header("etag")), ("video/mp4", format!("\"{}\"", sha256(&bytes)).as_str()));
        }
        for range in ["bytes=0-1,5-6", "bytes=x", "lines=1-2"] {
            let got = part(range).await.expect(200);
            assert_eq!((got.body.len(), got.header("content-range")), (bytes.len(), ""), "{range}");
        }
        let beyond = part("bytes=200000-").await;
        assert_eq!(beyond.header("content-range"), "bytes */200000");
        assert_eq!(only_fault(&beyond.problem(416, "range-not-satisfiable"))["header"], "Range");
        // A part of another file is of no use to a client that has a part of this one.
        let tag = format!("\"{}\"", sha256(&bytes));
        for (if_range, status) in [(tag.as_str(), 206), ("\"other\"", 200), (&format!("W/{tag}"), 200), ("Wed, 21 Oct 2026 07:28:00 GMT", 200)] {
            let draft = reader.request(Method::GET, &bytes_of(&file)).header("Range", "bytes=0-9");
            draft.header("If-Range", if_range).send().await.expect(status);
        }
    }

    async fn a_drawing_runs_nothing(app: TestApp) {
        let ada = app.editor().await;
        let file = raw(&ada, "drawing.svg", "image/svg+xml", SVG.as_bytes()).send().await.expect(201).json();
        assert_eq!((&file["kind"], &file["content_type"]), (&json!("image"), &json!("image/svg+xml")));
        let got = app.reader().get(&bytes_of(&file)).await.expect(200);
        assert_eq!(got.text(), SVG);
        assert!(got.header("content-disposition").starts_with("attachment; "));
        assert_eq!(got.header("content-security-policy"), "default-src 'none'; style-src 'unsafe-inline'; sandbox");
        assert_eq!((got.header("content-type"), got.header("x-content-type-options")), ("image/svg+xml", "nosniff"));
    }

    async fn what_is_said_about_a_file_is_changed_and_its_bytes_are_not(app: TestApp) {
        let ada = app.editor().await;
        let file = upload(&ada, "one.png", &png(3, 15)).await;
        ada.request(Method::PATCH, &desk(&file)).json(&json!({"alt": "One"})).send().await.problem(428, "precondition-required");
        let body = json!({"alt": "Two cranes", "caption": "The\nharbour", "credit": "Ada", "file_name": "a/two.png", "focal_point": {"x": 0.25, "y": 1}});
        let changed = ada.patch(&desk(&file), "\"r1\"", body).await.expect(200);
        let seen = changed.json();
        assert!(changed.header("etag").starts_with("\"r2."));
        for (member, value) in [
            ("alt", json!("Two cranes")), ("caption", json!("The\nharbour")), ("credit", json!("Ada")), ("file_name", json!("two.png")),
            ("focal_point", json!({"x": 0.25, "y": 1.0})), ("revision", json!(2)), ("sha256", file["sha256"].clone()),
        ] {
            assert_eq!(seen[member], value, "{member}");
        }
        ada.patch(&desk(&file), "\"r1\"", json!({"alt": "One"})).await.problem(412, "precondition-failed");
        let bare = json!({"alt": null, "caption": null, "credit": null, "focal_point": null});
        let bare = app.rehearse_and_send(|| ada.request(Method::PATCH, &desk(&file)).header("If-Match", "\"r2\"").json(&bare)).await.expect(200).json();
        for member in ["alt", "caption", "credit", "focal_point"] {
            assert_eq!(bare.get(member), None, "{member}");
        }
        let same = ada.patch(&desk(&file), "*", json!({"file_name": "two.png"})).await.expect(200).json();
        assert_eq!(same["revision"], 3);
        for (body, pointer, code) in [
            (json!({"alt": ""}), "#/alt", "empty"),
            (json!({"alt": "a\nb"}), "#/alt", "control-character"),
            (json!({"caption": 7}), "#/caption", "wrong-type"),
            (json!({"credit": "é".repeat(301)}), "#/credit", "too-long"),
            (json!({"file_name": null}), "#/file_name", "wrong-type"),
            (json!({"file_name": "../.."}), "#/file_name", "invalid-file-name"),
            (json!({"focal_point": {"x": 0.5}}), "#/focal_point/y", "required"),
            (json!({"focal_point": {"x": 1.01, "y": 0}}), "#/focal_point/x", "out-of-range"),
            (json!({"focal_point": {"x": 0, "y": -1}}), "#/focal_point/y", "out-of-range"),
            (json!({"focal_point": {"x": "0.5", "y": 0}}), "#/focal_point/x", "wrong-type"),
            (json!({"sha256": "0"}), "#/sha256", "unknown"),
        ] {
            let problem = ada.patch(&desk(&file), "*", body.clone()).await.problem(422, "validation-failed");
            let fault = only_fault(&problem);
            assert_eq!((&fault["pointer"], &fault["code"]), (&json!(pointer), &json!(code)), "{body}");
        }
    }

    async fn writers_change_what_they_uploaded_and_see_everything(app: TestApp) {
        let (ada, grace, bob) = (app.editor().await, app.account(Role::Author).await, app.account(Role::Contributor).await);
        let file = upload(&grace, "one.png", &png(3, 16)).await;
        bob.get(&desk(&file)).await.expect(200);
        assert_eq!(names(&bob.get(MEDIA).await), ["one.png"]);
        bob.patch(&desk(&file), "*", json!({"alt": "One"})).await.problem(403, "not-the-uploader");
        bob.delete(&desk(&file), "*").await.problem(403, "not-the-uploader");
        // Nor by uploading it again.
        raw(&bob, "one.png", "image/png", &png(3, 16)).send().await.expect(200);
        bob.delete(&desk(&file), "*").await.problem(403, "not-the-uploader");
        grace.patch(&desk(&file), "*", json!({"alt": "One"})).await.expect(200);
        ada.patch(&desk(&file), "*", json!({"alt": "Two"})).await.expect(200);
        grace.delete(&desk(&file), "*").await.expect(204);
        for client in [&app.account(Role::Moderator).await, &app.account(Role::Reader).await] {
            let problem = client.get(MEDIA).await.problem(403, "insufficient-scope");
            assert!(problem["detail"].as_str().unwrap().contains("media:write"), "{problem}");
            raw(client, "one.png", "image/png", &png(3, 16)).send().await.problem(403, "insufficient-scope");
        }
        raw(&app.reader(), "one.png", "image/png", &png(3, 16)).send().await.problem(401, "not-authenticated");
        assert_eq!(app.media_files(), [""; 0]);
    }

    async fn files_are_listed_by_kind_use_and_uploader(app: TestApp) {
        let (ada, grace) = (app.editor().await, app.account(Role::Author).await);
        let mut files = Vec::new();
        for (client, name, bytes) in [(&ada, "one.png", png(3, 17)), (&ada, "two.mp4", video(90)), (&grace, "three.png", png(3, 18)), (&ada, "four.pdf", b"%PDF-1.7\n".to_vec())] {
            app.state.clock.advance(chrono::Duration::seconds(1));
            files.push(upload(client, name, &bytes).await);
        }
        ada.draft("Ships").await;
        app.run_sql("INSERT INTO media_uses (media_id, subject_kind, subject_id, place) SELECT media.id, 'article', articles.id, 'cover' FROM media, articles WHERE media.file_name = 'one.png'").await;
        let author = files[2]["created_by"].as_str().unwrap();
        for (query, expected) in [
            (String::new(), vec!["four.pdf", "three.png", "two.mp4", "one.png"]),
            ("?order=asc".into(), vec!["one.png", "two.mp4", "three.png", "four.pdf"]),
            ("?kind=image".into(), vec!["three.png", "one.png"]),
            ("?kind=document".into(), vec!["four.pdf"]),
            ("?kind=audio".into(), vec![]),
            ("?used=true".into(), vec!["one.png"]),
            ("?used=false&kind=image".into(), vec!["three.png"]),
            (format!("?uploaded_by={author}"), vec!["three.png"]),
        ] {
            assert_eq!(names(&ada.get(&format!("{MEDIA}{query}")).await.expect(200)), expected, "{query}");
        }
        let first = ada.get(&format!("{MEDIA}?limit=3")).await.expect(200);
        let next = first.json()["page"]["next"].as_str().unwrap().to_owned();
        assert_eq!(names(&ada.get(&format!("{MEDIA}?limit=3&cursor={next}")).await.expect(200)), ["one.png"]);
        for (query, code) in [
            (format!("?kind=image&cursor={next}"), "cursor-mismatch"),
            ("?cursor=nonsense".into(), "cursor-invalid"),
            ("?limit=101".into(), "limit-too-large"),
            ("?kind=picture".into(), "invalid-parameter"),
            ("?used=maybe".into(), "invalid-parameter"),
            ("?uploaded_by=ada".into(), "invalid-parameter"),
            ("?q=one".into(), "unknown-parameter"),
        ] {
            ada.get(&format!("{MEDIA}{query}")).await.problem(400, code);
        }
    }

    async fn a_file_in_use_cannot_be_removed(app: TestApp) {
        let ada = app.editor().await;
        let file = upload(&ada, "one.png", &png(3, 19)).await;
        let article = ada.published("Ships").await;
        app.state.clock.advance(chrono::Duration::seconds(1));
        ada.post("/v1/editorial/authors", json!({"name": "Grace"})).await.expect(201);
        app.run_sql("
            INSERT INTO media_uses (media_id, subject_kind, subject_id, place) SELECT media.id, 'article', articles.id, 'cover' FROM media, articles;
            INSERT INTO media_uses (media_id, subject_kind, subject_id, place) SELECT media.id, 'article', articles.id, 'body' FROM media, articles;
            INSERT INTO media_uses (media_id, subject_kind, subject_id, place) SELECT media.id, 'published_article', articles.id, 'cover' FROM media, articles;
            INSERT INTO media_uses (media_id, subject_kind, subject_id, place) SELECT media.id, 'author', authors.id, 'avatar' FROM media, authors WHERE authors.slug = 'grace'").await;
        let uses = format!("{}/uses", desk(&file));
        let all = ada.get(&uses).await.expect(200).json();
        let told: Vec<String> = all["data"].as_array().unwrap().iter().map(|used| {
            format!("{} {} {} {}", used["kind"].as_str().unwrap(), used["place"].as_str().unwrap(), used["slug"].as_str().unwrap(), used["title"].as_str().unwrap())
        }).collect();
        assert_eq!(told, ["article body ships Ships", "article cover ships Ships", "published_article cover ships Ships", "author avatar grace Grace"]);
        assert_eq!(all["data"][0]["id"], article["id"]);
        let first = ada.get(&format!("{uses}?limit=2")).await.expect(200).json();
        let next = first["page"]["next"].as_str().unwrap();
        let rest = ada.get(&format!("{uses}?limit=2&cursor={next}")).await.expect(200).json();
        assert_eq!(rest["data"].as_array().unwrap()[..], all["data"].as_array().unwrap()[2..]);

        let refused = app.rehearse_and_send(|| ada.request(Method::DELETE, &desk(&file)).header("If-Match", "*")).await;
        let problem = refused.problem(409, "media-in-use");
        assert_eq!(problem["used_by"].as_array().unwrap().len(), 4);
        assert_eq!(problem["used_by"][1], json!({"kind": "article", "id": article["id"], "title": "Ships", "place": "cover"}));
        app.reader().get(&bytes_of(&file)).await.expect(200);
        app.run_sql("DELETE FROM media_uses").await;
        ada.delete(&desk(&file), "*").await.expect(204);
    }

    async fn a_file_that_is_removed_is_gone_with_its_renditions(app: TestApp) {
        let (ada, reader) = (app.editor().await, app.reader());
        let file = upload(&ada, "one.png", &png(3, 20)).await;
        let other = upload(&ada, "two.png", &png(3, 21)).await;
        for file in [&file, &other] {
            let key = StorageKey::rendition(id(file).parse().unwrap(), "640x0.webp");
            app.state.media.put(&key, &Content::Bytes("a rendition".into())).await.unwrap();
        }
        assert_eq!(app.media_files().len(), 4);
        ada.request(Method::DELETE, &desk(&file)).send().await.problem(428, "precondition-required");
        ada.delete(&desk(&file), "\"r9\"").await.problem(412, "precondition-failed");
        app.rehearse_and_send(|| ada.request(Method::DELETE, &desk(&file)).header("If-Match", "\"r1\"")).await.expect(204);
        assert_eq!(app.media_files().len(), 2, "{:?}", app.media_files());
        ada.get(&desk(&file)).await.problem(404, "not-found");
        reader.get(&bytes_of(&file)).await.problem(404, "not-found");
        reader.get(&format!("/v1/media/{}", id(&file))).await.problem(404, "not-found");
        ada.delete(&desk(&file), "*").await.problem(404, "not-found");
        ada.get(&format!("{}/uses", desk(&file))).await.problem(404, "not-found");
        reader.get(&bytes_of(&other)).await.expect(200);
        // The same bytes are new again.
        upload(&ada, "one.png", &png(3, 20)).await;
        let acts = app.lines("SELECT action AS line FROM audit_entries ORDER BY id".to_owned()).await;
        assert_eq!(acts.iter().filter(|act| *act == "media.deleted").count(), 1, "{acts:?}");
    }

    async fn bytes_without_a_row_are_swept_away_after_a_day(app: TestApp) {
        let ada = app.editor().await;
        let file = upload(&ada, "one.png", &png(3, 22)).await;
        let root = app.state.settings.data_dir.join("media");
        let (kept, orphan, young) = (file["sha256"].as_str().unwrap(), "ab".repeat(32), "cd".repeat(32));
        let rendition = format!("renditions/{}/640", id(&file));
        let gone = "renditions/00000000-0000-7000-8000-000000000000/640";
        let unfinished = format!("originals/ab/{orphan}#1");
        let now: SystemTime = app.state.clock.now().into();
        let hours = |count: u64| now - Duration::from_secs(count * 3600);
        for (path, time) in [
            (format!("originals/{}/{kept}", kept.get(..2).unwrap()), hours(1000)),
            (format!("originals/ab/{orphan}"), hours(25)),
            (unfinished.clone(), hours(25)),
            (format!("originals/cd/{young}"), hours(23)),
            (rendition.clone(), hours(1000)),
            (gone.to_owned(), hours(25)),
            ("incoming/broken".to_owned(), hours(25)),
            ("incoming/coming".to_owned(), hours(23)),
            (format!("aside/{orphan}"), hours(25)),
        ] {
            let path = root.join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            let held = std::fs::File::options().create(true).append(true).open(&path).unwrap();
            held.set_modified(time).unwrap();
        }
        assert_eq!(jobs::run_due(&app.state).await.unwrap(), 5);
        let mut left = vec![format!("originals/{}/{kept}", kept.get(..2).unwrap()), format!("originals/cd/{young}"), rendition, "incoming/coming".to_owned()];
        left.sort();
        assert_eq!(app.media_files(), left);
        assert_eq!(jobs::run_due(&app.state).await.unwrap(), 0);

        // What was set aside when its row came is put back.
        let (place, aside) = (StorageKey::original(kept), StorageKey::set_aside(kept));
        assert!(app.state.media.rename(&place, &aside).await.unwrap());
        jobs::run_due(&app.state).await.unwrap();
        app.reader().get(&bytes_of(&file)).await.expect(200);
    }

    async fn what_is_not_there_or_not_an_id_is_told(app: TestApp) {
        let reader = app.reader();
        for path in ["/v1/media/00000000-0000-7000-8000-000000000000", "/v1/media/00000000-0000-7000-8000-000000000000/file"] {
            assert_eq!(reader.get(path).await.problem(404, "not-found")["detail"], "There is no such file.");
        }
        for path in ["/v1/media/one.png", "/v1/media/one.png/file"] {
            assert_eq!(only_fault(&reader.get(path).await.problem(400, "invalid-parameter"))["parameter"], "id");
        }
    }
}

#[actix_web::test]
async fn a_file_that_is_too_large_is_refused_before_it_comes_and_while_it_does() {
    let app = TestApp::with_settings(|settings| settings.max_media_bytes = 1_000).await;
    let ada = app.editor().await;
    let announced = raw(&ada, "film.mp4", "video/mp4", b"")
        .header("Content-Length", "1001")
        .send()
        .await;
    let problem = announced.problem(413, "payload-too-large");
    assert!(problem["detail"].as_str().unwrap().contains("1000 bytes"), "{problem}");
    raw(&ada, "film.mp4", "video/mp4", &video(1_001))
        .send()
        .await
        .problem(413, "payload-too-large");
    let film = video(1_001);
    let parts: [FormPart<'_>; 1] = [("name=\"file\"; filename=\"film.mp4\"", Some("video/mp4"), &film)];
    form(&ada, &parts).send().await.problem(413, "payload-too-large");
    assert_eq!(app.media_files(), [""; 0]);
    raw(&ada, "film.mp4", "video/mp4", &video(1_000))
        .send()
        .await
        .expect(201);
}

/// The stories of a bucket, whose files cannot be looked at in a folder.
#[actix_web::test]
async fn files_in_a_bucket_are_uploaded_read_and_removed() {
    let Some(bucket) = s3::bucket("media::files_in_a_bucket_are_uploaded_read_and_removed") else {
        return;
    };
    let app = TestApp::with_bucket(&bucket.settings).await;
    let (ada, reader) = (app.editor().await, app.reader());
    // Of three parts, and of one.
    let (film, picture) = (video(17 * 1024 * 1024 + 5), png(3, 23));
    let file = upload(&ada, "film.mp4", &film).await;
    let small = raw(&ada, "one.png", "image/png", &picture)
        .send()
        .await
        .expect(201)
        .json();
    let key = |bytes: &[u8]| {
        format!(
            "media/of tests/originals/{}/{}",
            sha256(bytes).get(..2).unwrap(),
            sha256(bytes)
        )
    };
    let mut keys = vec![key(&film), key(&picture)];
    keys.sort();
    assert_eq!(bucket.keys(), keys);
    assert_eq!(app.media_files(), [""; 0]);

    assert_eq!(reader.get(&bytes_of(&small)).await.expect(200).body, picture);
    let got = reader.get(&bytes_of(&file)).await.expect(200);
    assert!(got.body == film, "the film is another one");
    let part = reader
        .request(Method::GET, &bytes_of(&file))
        .header("Range", "bytes=8388600-8388615")
        .send()
        .await;
    let part = part.expect(206);
    assert_eq!(part.body, film[8_388_600..=8_388_615]);
    assert_eq!(
        part.header("content-range"),
        format!("bytes 8388600-8388615/{}", film.len())
    );

    raw(&ada, "again.png", "image/png", &picture).send().await.expect(200);
    app.rehearse(raw(&ada, "two.png", "image/png", &png(3, 24)))
        .await
        .expect(201);
    raw(&ada, "page.png", "image/png", b"<html>")
        .send()
        .await
        .problem(415, "unsupported-media-type");
    assert_eq!(bucket.keys(), keys);

    let rendition = StorageKey::rendition(id(&small).parse().unwrap(), "640x0.webp");
    app.state
        .media
        .put(&rendition, &Content::Bytes("a rendition".into()))
        .await
        .unwrap();
    assert_eq!(app.state.media.read_all(&rendition).await.unwrap(), "a rendition");
    ada.delete(&desk(&small), "*").await.expect(204);
    assert_eq!(bucket.keys(), [key(&film)]);
    ada.delete(&desk(&file), "*").await.expect(204);
    assert_eq!((bucket.keys(), bucket.unfinished()), (vec![], vec![]));
    reader.get(&bytes_of(&file)).await.problem(404, "not-found");
}

#[actix_web::test]
async fn parts_that_a_killed_server_left_in_a_bucket_are_swept_away() {
    use object_store::aws::AmazonS3Builder;
    use object_store::multipart::MultipartStore as _;
    use secrecy::ExposeSecret as _;

    let Some(bucket) = s3::bucket("media::parts_that_a_killed_server_left_in_a_bucket_are_swept_away") else {
        return;
    };
    let app = TestApp::with_bucket(&bucket.settings).await;
    let settings = &bucket.settings;
    let client = AmazonS3Builder::new()
        .with_bucket_name(&settings.bucket)
        .with_region(&settings.region)
        .with_endpoint(settings.endpoint.clone().unwrap())
        .with_allow_http(true)
        .with_access_key_id(&settings.access_key_id)
        .with_secret_access_key(settings.secret_access_key.expose_secret())
        .build()
        .unwrap();
    let path = object_store::path::Path::from("media/of tests/originals/ab/abc");
    let upload = client.create_multipart(&path).await.unwrap();
    let note = app.state.settings.data_dir.join("media/incoming/1.parts");
    std::fs::write(&note, format!("{path}\n{upload}")).unwrap();
    jobs::run_due(&app.state).await.unwrap();
    assert_eq!(bucket.unfinished().len(), 1, "it may be under way");
    let day_before: SystemTime = (app.state.clock.now() - chrono::Duration::hours(25)).into();
    std::fs::File::options()
        .append(true)
        .open(&note)
        .unwrap()
        .set_modified(day_before)
        .unwrap();
    assert_eq!(jobs::run_due(&app.state).await.unwrap(), 1);
    assert_eq!((bucket.unfinished(), note.exists()), (vec![], false));
}

#[actix_web::test]
async fn a_bucket_that_cannot_be_reached_stores_nothing() {
    let nowhere = galley::settings::S3Bucket {
        bucket: "nowhere".to_owned(),
        prefix: String::new(),
        endpoint: Some("http://127.0.0.1:9".to_owned()),
        region: "us-east-1".to_owned(),
        access_key_id: "tests".to_owned(),
        secret_access_key: "a secret of tests".to_owned().into(),
    };
    let app = TestApp::with_bucket(&nowhere).await;
    let ada = app.editor().await;
    let answer = raw(&ada, "one.png", "image/png", &png(3, 25)).send().await;
    assert_eq!(answer.header("retry-after"), "2");
    answer.problem(503, "service-unavailable");
    assert_eq!(names(&ada.get(MEDIA).await), [""; 0]);
    assert_eq!(app.media_files(), [""; 0]);
    let key = StorageKey::original("ab");
    assert!(matches!(
        app.state.media.read_all(&key).await,
        Err(StorageFault::Failed(_))
    ));
}
