//! Smaller versions of pictures: how readers get them, and how strangers cannot burn the processor.

use actix_web::http::Method;
use actix_web::web::Data;
use bytes::Bytes;
use chrono::Duration;
use futures_util::future::join_all;
use galley::accounts::permissions::Role;
use galley::audit::origin::Origin;
use galley::http::write::hexadecimal;
use galley::jobs;
use galley::media::file_name::FileName;
use galley::media::images::encoding::RenditionFormat;
use galley::media::images::geometry::Fit;
use galley::media::images::inspecting::inspect_bytes;
use galley::media::media::{MediaBytes, MediaFailure, MediaRow, MediaTexts, NewMedia, Uploaded};
use galley::media::media_type::MediaType;
use galley::media::renditions::delivery::wanted;
use galley::media::renditions::making;
use galley::media::renditions::rendition::RenditionRequest;
use galley::media::renditions::views::offered_renditions;
use galley::media::storage::{Content, StorageKey};
use galley::{read, write_unit};
use image::{DynamicImage, ImageFormat, Rgb, RgbImage, Rgba, RgbaImage};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::on_both_databases;
use crate::support::answer::{Answer, only_fault};
use crate::support::app::TestApp;

/// What no picture has as its id.
const NOBODY: &str = "00000000-0000-7000-8000-000000000000";

/// Red on the left, blue on the right.
fn halves(width: u32, height: u32) -> DynamicImage {
    let pixels = RgbImage::from_fn(width, height, |x, _y| match x < width / 2 {
        true => Rgb([230, 20, 20]),
        false => Rgb([20, 20, 230]),
    });
    DynamicImage::ImageRgb8(pixels)
}

fn file(pixels: &DynamicImage, format: ImageFormat) -> Bytes {
    let mut bytes = std::io::Cursor::new(Vec::new());
    pixels.write_to(&mut bytes, format).unwrap();
    Bytes::from(bytes.into_inner())
}

fn hex(bytes: &[u8]) -> String {
    hexadecimal(&Sha256::digest(bytes))
}

/// Stores a file as an upload does, and gives its id.
async fn stored(app: &TestApp, bytes: Bytes, media_type: MediaType) -> Uuid {
    let email = format!("{}@galley.example", hex(&bytes).get(..12).unwrap());
    let account = app.create_account(&email, Role::Author).await;
    let inspected = media_type
        .image()
        .map(|kind| inspect_bytes(bytes.clone(), kind, app.state.image_limits()).unwrap());
    let dimensions = inspected.as_ref().and_then(|image| image.width.zip(image.height));
    let sha256 = hex(&bytes);
    let key = StorageKey::original(&sha256);
    app.state.media.put(&key, &Content::Bytes(bytes.clone())).await.unwrap();
    let stamp = app.state.stamp(Origin::schedule().in_name_of(account));
    let id = stamp.new_id();
    let new = NewMedia {
        id,
        file_name: FileName::parse("harbour").unwrap(),
        bytes: MediaBytes {
            sha256: sha256.clone(),
            stored_sha256: sha256,
            byte_size: i64::try_from(bytes.len()).unwrap(),
            media_type,
            dimensions,
            blurhash: None,
            dominant_color: None,
        },
        texts: MediaTexts::default(),
    };
    let created: Result<Uploaded, MediaFailure> = write_unit!(&app.state.database, media::create(new, stamp));
    created.unwrap();
    id
}

async fn photo(app: &TestApp) -> Uuid {
    stored(app, file(&halves(1000, 600), ImageFormat::Jpeg), MediaType::Jpeg).await
}

async fn row(app: &TestApp, id: Uuid) -> MediaRow {
    let found: Result<Option<MediaRow>, galley::database::failure::Failure> =
        read!(&app.state.database, media::find(id));
    found.unwrap().unwrap()
}

fn at(id: Uuid, query: &str) -> String {
    format!("/v1/media/{id}/rendition?{query}")
}

async fn get(app: &TestApp, id: Uuid, query: &str) -> Answer {
    app.reader().get(&at(id, query)).await
}

fn decoded(answer: &Answer) -> DynamicImage {
    image::load_from_memory(&answer.body).unwrap()
}

fn size(answer: &Answer) -> (u32, u32) {
    let pixels = decoded(answer);
    (pixels.width(), pixels.height())
}

/// The path and the query of an address.
fn path(url: &str) -> String {
    url.strip_prefix("https://galley.example").unwrap().to_owned()
}

on_both_databases! {
    async fn readers_get_a_picture_in_listed_sizes_and_any_format(app: TestApp) {
        let id = photo(&app).await;
        let answer = get(&app, id, "width=320").await.expect(200);
        assert_eq!(answer.header("content-type"), "image/webp");
        assert_eq!(size(&answer), (320, 192));
        assert_eq!(answer.header("cache-control"), "public, max-age=300");
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert_eq!(answer.header("content-security-policy"), "default-src 'none'; style-src 'unsafe-inline'; sandbox");
        assert_eq!(answer.header("etag"), format!("\"{}\"", hex(&answer.body)));

        let jpeg = get(&app, id, "width=160&format=jpeg").await.expect(200);
        assert_eq!((jpeg.header("content-type"), size(&jpeg)), ("image/jpeg", (160, 96)));
        let png = get(&app, id, "width=160&format=png").await.expect(200);
        assert_eq!((png.header("content-type"), size(&png)), ("image/png", (160, 96)));
        let avif = get(&app, id, "width=160&format=avif").await.expect(200);
        assert_eq!(avif.header("content-type"), "image/avif");
        assert_eq!(&avif.body[4..12], b"ftypavif");

        let cut = get(&app, id, "width=320&height=320&fit=cover").await.expect(200);
        assert_eq!(size(&cut), (320, 320));
        assert_eq!(size(&get(&app, id, "width=320&height=180&fit=cover").await.expect(200)), (320, 180));
        // Never enlarged: the box shrinks and keeps its shape.
        assert_eq!(size(&get(&app, id, "width=1920&format=png").await.expect(200)), (1000, 600));
        assert_eq!(size(&get(&app, id, "width=1920&height=1920&fit=cover").await.expect(200)), (600, 600));
    }

    async fn a_rendition_is_held_by_caches_and_read_in_parts(app: TestApp) {
        let id = photo(&app).await;
        let url = at(id, "width=320");
        let whole = app.reader().get(&url).await.expect(200);
        let tag = whole.header("etag").to_owned();
        let reader = app.reader();
        for held in [tag.clone(), format!("W/{tag}"), "*".to_owned(), format!("\"other\", {tag}")] {
            let answer = reader.request(Method::GET, &url).header("If-None-Match", &held).send().await.expect(304);
            assert!(answer.body.is_empty());
            assert_eq!(answer.header("etag"), tag);
            assert_eq!(answer.header("cache-control"), "public, max-age=300");
        }
        reader.request(Method::GET, &url).header("If-None-Match", "\"other\"").send().await.expect(200);
        let head = reader.request(Method::HEAD, &url).send().await.expect(200);
        assert_eq!((head.header("etag"), head.header("content-type")), (tag.as_str(), "image/webp"));

        let part = |range: &str| reader.request(Method::GET, &url).header("Range", range);
        let answer = part("bytes=0-9").send().await.expect(206);
        assert_eq!(answer.body, whole.body.slice(..10));
        assert_eq!(answer.header("content-range"), format!("bytes 0-9/{}", whole.body.len()));
        let end = part("bytes=-5").send().await.expect(206);
        assert_eq!(end.body, whole.body.slice(whole.body.len() - 5..));
        let same = part("bytes=0-9").header("If-Range", &tag).send().await;
        assert_eq!(same.status, 206);
        let changed = part("bytes=0-9").header("If-Range", "\"other\"").send().await;
        assert_eq!(changed.status, 200);
        let behind = part("bytes=999999-").send().await;
        assert_eq!(behind.header("content-range"), format!("bytes */{}", whole.body.len()));
        behind.problem(416, "range-not-satisfiable");
        for range in ["bytes=0-1,4-5", "lines=1-2", "nonsense"] {
            assert_eq!(part(range).send().await.status, 200, "{range}");
        }
    }

    async fn strangers_get_no_other_sizes(app: TestApp) {
        let id = photo(&app).await;
        for (query, parameter, words) in [
            ("width=321", "width", "160, 320, 480, 640, 800, 960, 1280, 1600, 1920"),
            ("height=320", "width", "160, 320"),
            ("width=321&height=321&fit=cover", "width", "160, 320"),
            ("width=320&height=300&fit=cover", "height", "320, 240, 213, 180"),
            ("width=320&height=320", "height", "no height with fit=contain"),
        ] {
            let problem = get(&app, id, query).await.problem(403, "rendition-not-allowed");
            let fault = only_fault(&problem);
            assert_eq!(fault["parameter"], parameter, "{query}: {problem}");
            assert!(fault["detail"].as_str().unwrap().contains(words), "{query}: {problem}");
        }
        for (query, parameter) in [
            ("width=0", "width"),
            ("width=4097", "width"),
            ("width=-3", "width"),
            ("width=wide", "width"),
            ("width=320&height=1e9&fit=cover", "height"),
            ("width=320&fit=cover", "height"),
            ("height=320&fit=cover", "width"),
            ("fit=contain", "width"),
            ("width=320&fit=fill", "fit"),
            ("width=320&format=bmp", "format"),
            ("width=320&width=320", "width"),
        ] {
            let problem = get(&app, id, query).await.problem(400, "invalid-parameter");
            assert_eq!(only_fault(&problem)["parameter"], parameter, "{query}: {problem}");
        }
        get(&app, id, "").await.problem(400, "invalid-parameter");
        get(&app, id, "width=320&quality=100").await.problem(400, "unknown-parameter");
        app.reader().get("/v1/media/nonsense/rendition?width=320").await.problem(400, "invalid-parameter");
        app.reader().get(&format!("/v1/media/{NOBODY}/rendition?width=320")).await.problem(404, "not-found");
        assert_eq!(app.state.renditions.made(), 0);
    }

    async fn the_newsroom_gets_an_address_for_any_size(app: TestApp) {
        let id = photo(&app).await;
        let query = "width=700&height=300&fit=cover&format=png";
        let place = format!("/v1/editorial/media/{id}/rendition-url?{query}");
        let view = app.editor().await.get(&place).await.expect(200).json();
        assert_eq!((&view["width"], &view["height"]), (&700.into(), &300.into()));
        assert_eq!(view["content_type"], "image/png");
        let address = path(view["url"].as_str().unwrap());
        let answer = app.reader().get(&address).await.expect(200);
        assert_eq!(size(&answer), (700, 300));
        assert_eq!(answer.header("cache-control"), "public, max-age=31536000, immutable");
        // The signature is of this size of this picture.
        let other = stored_twice(&app, id).await;
        for forged in [
            address.replace("width=700", "width=701"),
            address.replace("format=png", "format=jpeg"),
            address.replace(&id.to_string(), &other.to_string()),
            format!("{}&signature=AAAAAAAAAAAAAAAAAAAAAA", at(id, query)),
            format!("{}&signature=", at(id, query)),
        ] {
            let problem = app.reader().get(&forged).await.problem(403, "rendition-not-allowed");
            assert_eq!(only_fault(&problem)["parameter"], "signature", "{forged}");
        }
        // A size that everybody may have needs none, and a wrong one does no harm there.
        get(&app, id, "width=320&signature=nonsense").await.expect(200);

        app.reader().get(&place).await.problem(401, "not-authenticated");
        app.account(Role::Reader).await.get(&place).await.problem(403, "insufficient-scope");
        let author = app.account(Role::Author).await;
        author.get(&place).await.expect(200);
        author.get(&format!("/v1/editorial/media/{id}/rendition-url")).await.problem(400, "invalid-parameter");
        author.get(&format!("{place}&signature=x")).await.problem(400, "unknown-parameter");
        author.get(&format!("/v1/editorial/media/{NOBODY}/rendition-url?width=7")).await.problem(404, "not-found");
    }

    async fn a_burst_for_a_new_rendition_makes_it_once(app: TestApp) {
        let id = photo(&app).await;
        let answers = join_all((0..200).map(|_| get(&app, id, "width=640"))).await;
        assert_eq!(answers.len(), 200);
        let first = &answers[0].body;
        assert!(answers.iter().all(|answer| answer.status == 200 && answer.body == *first));
        assert_eq!(app.state.renditions.made(), 1);
    }

    async fn a_rendition_that_was_made_is_kept_for_restarts_and_other_instances(app: TestApp) {
        let id = photo(&app).await;
        let made = get(&app, id, "width=320").await.expect(200);
        app.state.renditions.forget_recent().await;
        assert_eq!(get(&app, id, "width=320").await.expect(200).body, made.body);
        assert_eq!(app.state.renditions.made(), 1);

        let other = Data::new(app.another_instance().await);
        let asked = RenditionRequest { width: Some(320), height: None, fit: Fit::Contain, format: RenditionFormat::Webp };
        let wanted = wanted(&row(&app, id).await, asked).unwrap();
        assert_eq!(making::get(&other, wanted.clone()).await.unwrap().bytes, made.body);
        assert_eq!(other.renditions.made(), 0);

        // One whose file got lost is made anew.
        app.state.media.remove_below(&StorageKey::renditions_of(id)).await.unwrap();
        app.state.renditions.forget_recent().await;
        assert_eq!(get(&app, id, "width=320").await.expect(200).body, made.body);
        assert_eq!(app.state.renditions.made(), 2);
        assert!(app.state.media.has(&wanted.storage_key(&hex(&made.body))).await.unwrap());
    }

    async fn the_focal_point_moves_what_is_cut_and_the_address(app: TestApp) {
        let id = photo(&app).await;
        let offered = |media: &MediaRow| offered_renditions("https://galley.example", media, &[320, 640, 1280, 1920]);
        let before = offered(&row(&app, id).await);
        let sizes: Vec<_> = before.iter().map(|one| (one.width, one.height)).collect();
        assert_eq!(sizes, [(320, 192), (640, 384), (1000, 600)]);
        let answer = app.reader().get(&path(&before[0].url)).await.expect(200);
        assert_eq!(answer.header("cache-control"), "public, max-age=31536000, immutable");

        let cover = "width=320&height=320&fit=cover&format=png";
        let middle = decoded(&get(&app, id, cover).await.expect(200)).into_rgb8();
        assert!(middle.get_pixel(10, 10).0[0] > 150 && middle.get_pixel(310, 10).0[2] > 150);
        app.run_sql("UPDATE media SET focal_x = 0, focal_y = 500, revision = 2").await;
        let left = decoded(&get(&app, id, cover).await.expect(200)).into_rgb8();
        assert!(left.get_pixel(10, 10).0[0] > 150 && left.get_pixel(250, 10).0[0] > 150);

        let after = offered(&row(&app, id).await);
        assert_ne!(before[0].url, after[0].url);
        // The former address still works, and may not be kept for ever any more.
        let answer = app.reader().get(&path(&before[0].url)).await.expect(200);
        assert_eq!(answer.header("cache-control"), "public, max-age=300");
        // What is not cut is the same picture, and was not made again.
        assert_eq!(app.state.renditions.made(), 3);
    }

    async fn the_renditions_that_nobody_asks_for_make_room(app: TestApp) {
        let id = photo(&app).await;
        get(&app, id, "width=160").await.expect(200);
        get(&app, id, "width=320").await.expect(200);
        app.state.clock.advance(Duration::hours(2));
        // The one that was made first is the one that was asked for last.
        get(&app, id, "width=160").await.expect(200);
        assert_eq!(jobs::run_due(&app.state).await.unwrap(), 0);
        // As if each had more than half of the bytes that are kept.
        app.run_sql("UPDATE media_renditions SET byte_size = 600000000").await;
        assert_eq!(jobs::run_due(&app.state).await.unwrap(), 1);
        let left = app.lines("SELECT spec AS line FROM media_renditions".to_owned()).await;
        assert_eq!(left, ["1-160x96-0.0.1000x600.webp"]);
        let files = app.state.media.list(&StorageKey::renditions_of(id)).await.unwrap();
        assert_eq!(files.len(), 1);
        assert_eq!(jobs::run_due(&app.state).await.unwrap(), 0);
        app.state.renditions.forget_recent().await;
        get(&app, id, "width=320").await.expect(200);
        assert_eq!(app.state.renditions.made(), 3);
    }

    async fn transparency_stays_where_the_format_has_it(app: TestApp) {
        let pixels = RgbaImage::from_fn(400, 200, |x, _y| match x < 200 {
            true => Rgba([200, 0, 0, 255]),
            false => Rgba([0, 0, 200, 0]),
        });
        let id = stored(&app, file(&pixels.into(), ImageFormat::Png), MediaType::Png).await;
        for format in ["webp", "png"] {
            let answer = get(&app, id, &format!("width=160&format={format}")).await.expect(200);
            let pixels = decoded(&answer).into_rgba8();
            assert_eq!((pixels.get_pixel(150, 40).0[3], pixels.get_pixel(10, 40).0[3]), (0, 255), "{format}");
        }
        let white = decoded(&get(&app, id, "width=160&format=jpeg").await.expect(200)).into_rgb8();
        assert!(white.get_pixel(150, 40).0.iter().all(|channel| *channel > 245));
        get(&app, id, "width=160&format=avif").await.expect(200);
    }

    async fn what_cannot_be_decoded_has_no_renditions(app: TestApp) {
        let svg = Bytes::from_static(b"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"10\" height=\"10\"/>");
        let id = stored(&app, svg, MediaType::Svg).await;
        let problem = get(&app, id, "width=320").await.problem(422, "rendition-unavailable");
        assert!(problem["detail"].as_str().unwrap().contains("image/svg+xml"), "{problem}");
        let place = format!("/v1/editorial/media/{id}/rendition-url?width=7");
        app.editor().await.get(&place).await.problem(422, "rendition-unavailable");
        assert!(offered_renditions("https://galley.example", &row(&app, id).await, &[320]).is_empty());
    }

    async fn an_original_that_was_damaged_or_lost_is_told_of(app: TestApp) {
        let id = photo(&app).await;
        let key = row(&app, id).await.storage_key();
        app.state.media.put(&key, &Content::Bytes(Bytes::from_static(b"\xff\xd8nonsense"))).await.unwrap();
        get(&app, id, "width=320").await.problem(422, "rendition-unavailable");
        app.state.media.remove(&key).await.unwrap();
        get(&app, id, "width=320").await.problem(404, "not-found");
        // A failure is not kept.
        app.state.media.put(&key, &Content::Bytes(file(&halves(1000, 600), ImageFormat::Jpeg))).await.unwrap();
        get(&app, id, "width=320").await.expect(200);
    }
}

/// A second picture.
async fn stored_twice(app: &TestApp, first: Uuid) -> Uuid {
    let owner = row(app, first).await.created_by.0;
    let bytes = file(&halves(900, 600), ImageFormat::Png);
    let sha256 = hex(&bytes);
    let stamp = app.state.stamp(Origin::schedule().in_name_of(owner));
    let id = stamp.new_id();
    let new = NewMedia {
        id,
        file_name: FileName::parse("another").unwrap(),
        bytes: MediaBytes {
            sha256: sha256.clone(),
            stored_sha256: sha256,
            byte_size: i64::try_from(bytes.len()).unwrap(),
            media_type: MediaType::Png,
            dimensions: Some((900, 600)),
            blurhash: None,
            dominant_color: None,
        },
        texts: MediaTexts::default(),
    };
    let created: Result<Uploaded, MediaFailure> = write_unit!(&app.state.database, media::create(new, stamp));
    created.unwrap();
    id
}
