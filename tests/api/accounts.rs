//! Accounts: logging in, who one is, which tokens are believed, and what each role may do.

use actix_web::http::Method;
use aws_lc_rs::hmac;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use chrono::Duration;
use galley::accounts::permissions::Role;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::on_both_databases;
use crate::support::answer::{Answer, only_fault};
use crate::support::app::{PASSWORD, SIGNING_KEY, TestApp};

/// The key pair of somebody else.
fn foreign_key() -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(&[9; 32]).unwrap()
}

/// The key pair of the application.
fn own_key() -> Ed25519KeyPair {
    let pem = pem::parse(SIGNING_KEY).unwrap();
    Ed25519KeyPair::from_pkcs8_maybe_unchecked(pem.contents()).unwrap()
}

/// A token of any header and any claims, signed with a key pair.
fn forged(header: &Value, claims: &Value, key: &Ed25519KeyPair) -> String {
    let signed = unsigned(header, claims);
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(key.sign(signed.as_bytes())))
}

fn unsigned(header: &Value, claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}", part(header), part(claims))
}

/// The header and the claims of a good token of an editor.
async fn good_parts(app: &TestApp) -> (Value, Value) {
    let account = app.create_account("ada@galley.example", Role::Editor).await;
    let claims = serde_json::to_value(app.claims(account, Role::Editor)).unwrap();
    let kid = app.state.keys.signing_key().kid().to_owned();
    (json!({"alg": "EdDSA", "typ": "at+jwt", "kid": kid}), claims)
}

/// A copy of an object with one member set.
fn with(object: &Value, member: &str, value: Value) -> Value {
    let mut changed = object.clone();
    changed[member] = value;
    changed
}

/// A copy of an object without one member.
fn without(object: &Value, member: &str) -> Value {
    let mut changed = object.clone();
    changed.as_object_mut().unwrap().remove(member);
    changed
}

async fn me(app: &TestApp, token: &str) -> Answer {
    app.bearer(token).get("/v1/auth/me").await
}

/// Passes if a token is refused as the conventions say; gives the detail.
#[track_caller]
fn assert_refused(answer: Answer, what: &str) -> String {
    let challenge = answer.header("www-authenticate").to_owned();
    assert!(
        challenge.starts_with("Bearer realm=\"galley\", error=\"invalid_token\", error_description=\""),
        "{what}: {challenge:?} {}",
        answer.text()
    );
    let problem = answer.problem(401, "token-invalid");
    problem["detail"].as_str().unwrap().to_owned()
}

async fn log_in(app: &TestApp, email: &str, password: &str) -> Answer {
    let body = json!({"email": email, "password": password});
    app.reader().post("/v1/auth/login", body).await
}

on_both_databases! {
    async fn a_person_logs_in_and_learns_who_they_are(app: TestApp) {
        app.create_account("ada@galley.example", Role::Editor).await;
        let answer = log_in(&app, "ada@galley.example", PASSWORD).await.expect(200);
        assert_eq!(answer.header("cache-control"), "no-store");
        let login = answer.json();
        insta::assert_json_snapshot!("login", login, {".access_token" => "[token]", ".refresh_token" => "[token]"});
        assert_eq!(login["expires_in"], 900);

        let answer = me(&app, login["access_token"].as_str().unwrap()).await.expect(200);
        assert_eq!(answer.header("cache-control"), "private, no-store");
        insta::assert_json_snapshot!("me", answer.json());
    }

    async fn the_token_of_a_log_in_says_who_for_what_and_until_when(app: TestApp) {
        let account = app.create_account("ada@galley.example", Role::Author).await;
        let login = log_in(&app, "ada@galley.example", PASSWORD).await.expect(200).json();
        let parts: Vec<Value> = login["access_token"].as_str().unwrap().split('.').take(2)
            .map(|part| serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap())
            .collect();
        let [header, claims] = parts.as_slice() else { panic!("{login}") };
        insta::assert_json_snapshot!("token_header", header);
        insta::assert_json_snapshot!("token_claims", claims);
        assert_eq!(claims["sub"], account.to_string());
        assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 900);
    }

    async fn case_does_not_count_in_the_address_to_log_in_with(app: TestApp) {
        app.create_account("Ada@Galley.Example", Role::Reader).await;
        log_in(&app, " ADA@galley.EXAMPLE ", PASSWORD).await.expect(200);
    }

    async fn a_wrong_password_and_an_unknown_address_get_the_same_answer(app: TestApp) {
        app.create_account("ada@galley.example", Role::Editor).await;
        let wrong = log_in(&app, "ada@galley.example", "another password").await;
        let unknown = log_in(&app, "nobody@galley.example", PASSWORD).await;
        for name in ["www-authenticate", "cache-control", "content-type"] {
            assert_eq!(wrong.header(name), unknown.header(name), "{name}");
        }
        assert_eq!(wrong.header("www-authenticate"), "Bearer realm=\"galley\"");
        let wrong = without(&wrong.problem(401, "credentials-invalid"), "request_id");
        let unknown = without(&unknown.problem(401, "credentials-invalid"), "request_id");
        assert_eq!(wrong, unknown);
        insta::assert_json_snapshot!("credentials_invalid", wrong);
    }

    async fn a_password_that_only_begins_right_is_wrong(app: TestApp) {
        app.create_account("ada@galley.example", Role::Editor).await;
        for password in ["", "a password for test", "a password for tests ", "A password for tests"] {
            log_in(&app, "ada@galley.example", password).await.problem(401, "credentials-invalid");
        }
        // No account has it, not even the one that stands in for those that do not exist.
        log_in(&app, "nobody@galley.example", "no account has this password").await.problem(401, "credentials-invalid");
    }

    async fn a_malformed_log_in_names_every_fault(app: TestApp) {
        let reader = app.reader();
        let problem = reader.post("/v1/auth/login", json!({"emial": "ada@galley.example", "password": 7})).await
            .problem(422, "validation-failed");
        insta::assert_json_snapshot!("login_malformed", problem["errors"]);
        let problem = log_in(&app, "ada", PASSWORD).await.problem(422, "validation-failed");
        assert_eq!(only_fault(&problem)["pointer"], "#/email");
        assert_eq!(only_fault(&problem)["code"], "invalid-email");
        reader.post("/v1/auth/login", json!([])).await.problem(422, "validation-failed");
    }

    async fn the_public_keys_are_those_that_sign(app: TestApp) {
        let answer = app.reader().get("/.well-known/jwks.json").await.expect(200);
        assert_eq!(answer.header("cache-control"), "public, max-age=300");
        let keys = answer.json();
        insta::assert_json_snapshot!("jwks", keys);
        let key = &keys["keys"][0];
        assert_eq!(key["x"], URL_SAFE_NO_PAD.encode(own_key().public_key()));
        // RFC 7638: the required members in the order of their names, without blanks.
        let canonical = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":{}}}"#, key["x"]);
        assert_eq!(key["kid"], URL_SAFE_NO_PAD.encode(Sha256::digest(canonical)));
        assert!(key.get("d").is_none(), "the private half is public");
    }

    async fn a_token_is_believed_in_every_form_that_the_standards_allow(app: TestApp) {
        let (header, claims) = good_parts(&app).await;
        for typ in ["at+jwt", "application/at+jwt", "AT+JWT", "Application/AT+JWT"] {
            me(&app, &forged(&with(&header, "typ", json!(typ)), &claims, &own_key())).await.expect(200);
        }
        let token = forged(&header, &claims, &own_key());
        for scheme in ["bearer", "BEARER", "Bearer "] {
            app.reader().request(Method::GET, "/v1/auth/me")
                .header("Authorization", &format!("{scheme} {token}")).send().await.expect(200);
        }
    }

    async fn a_token_ends_when_it_says(app: TestApp) {
        let (header, claims) = good_parts(&app).await;
        let token = forged(&header, &claims, &own_key());
        app.state.clock.advance(Duration::seconds(929));
        me(&app, &token).await.expect(200);
        app.state.clock.advance(Duration::seconds(1));
        assert_refused(me(&app, &token).await, "expired");
    }

    async fn a_token_for_another_time_place_or_purpose_is_refused(app: TestApp) {
        let (header, claims) = good_parts(&app).await;
        let now = app.state.clock.now().timestamp();
        let spoilt = [
            ("expired", with(&claims, "exp", json!(now - 31))),
            ("not yet valid", with(&claims, "nbf", json!(now + 31))),
            ("made in the future", with(&claims, "iat", json!(now + 31))),
            ("other issuer", with(&claims, "iss", json!("https://galley.example.evil.example"))),
            ("issuer with a slash", with(&claims, "iss", json!("https://galley.example/"))),
            ("other audience", with(&claims, "aud", json!("https://galley.example/v2"))),
            ("audience of the issuer", with(&claims, "aud", json!("https://galley.example"))),
            ("no exp", without(&claims, "exp")),
            ("no iss", without(&claims, "iss")),
            ("no aud", without(&claims, "aud")),
            ("no sub", without(&claims, "sub")),
            ("no session", without(&claims, "sid")),
            ("a session of nobody", with(&claims, "sid", json!(Uuid::from_u128(98)))),
            ("null exp", with(&claims, "exp", Value::Null)),
            ("exp as text", with(&claims, "exp", json!("2100-01-01"))),
            ("sub is no id", with(&claims, "sub", json!("ada"))),
            ("no role", with(&claims, "roles", json!([]))),
            ("unknown role", with(&claims, "roles", json!(["root"]))),
        ];
        for (what, claims) in spoilt {
            assert_refused(me(&app, &forged(&header, &claims, &own_key())).await, what);
        }
    }

    async fn a_token_of_another_kind_is_refused(app: TestApp) {
        let (header, claims) = good_parts(&app).await;
        let spoilt = [
            ("JWT", with(&header, "typ", json!("JWT"))),
            ("none", without(&header, "typ")),
            ("empty", with(&header, "typ", json!(""))),
            ("other", with(&header, "typ", json!("application/jwt"))),
            ("longer", with(&header, "typ", json!("at+jwt+x"))),
            ("prefixed", with(&header, "typ", json!("application/application/at+jwt"))),
        ];
        for (what, header) in spoilt {
            let detail = assert_refused(me(&app, &forged(&header, &claims, &own_key())).await, what);
            assert_eq!(detail, "The token is not accepted: the token is not an access token.", "{what}");
        }
    }

    async fn the_token_does_not_choose_how_it_is_verified(app: TestApp) {
        let (header, claims) = good_parts(&app).await;
        let (own, foreign) = (own_key(), foreign_key());
        let none = with(&header, "alg", json!("none"));
        assert_refused(me(&app, &format!("{}.", unsigned(&none, &claims))).await, "alg none");
        assert_refused(me(&app, &forged(&none, &claims, &own)).await, "alg none, signed");
        for alg in ["None", "nOnE", "", "RS256", "ES256"] {
            assert_refused(me(&app, &forged(&with(&header, "alg", json!(alg)), &claims, &own)).await, alg);
        }

        let public = own.public_key().as_ref().to_vec();
        let secrets = [public.clone(), URL_SAFE_NO_PAD.encode(&public).into_bytes(), STANDARD.encode(&public).into_bytes()];
        let hs256 = with(&header, "alg", json!("HS256"));
        for secret in secrets {
            let signed = unsigned(&hs256, &claims);
            let signature = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &secret), signed.as_bytes());
            let token = format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature));
            assert_refused(me(&app, &token).await, "HS256 with the public key");
        }

        let jwk = json!({"kty": "OKP", "crv": "Ed25519", "x": URL_SAFE_NO_PAD.encode(foreign.public_key())});
        let foreign_headers = [
            ("our kid", header.clone()),
            ("its own kid", with(&header, "kid", json!("kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"))),
            ("no kid", without(&header, "kid")),
            ("a jwk with our kid", with(&header, "jwk", jwk.clone())),
            ("a jwk without kid", with(&without(&header, "kid"), "jwk", jwk)),
            ("a jku", with(&header, "jku", json!("https://evil.example/jwks.json"))),
            ("an x5u", with(&header, "x5u", json!("https://evil.example/cert.pem"))),
            ("a kid that is a path", with(&header, "kid", json!("../../../dev/null"))),
            ("a kid that is SQL", with(&header, "kid", json!("' OR 1=1 --"))),
        ];
        for (what, header) in foreign_headers {
            assert_refused(me(&app, &forged(&header, &claims, &foreign)).await, what);
        }
        // What points elsewhere is not followed: with our own signature the token is good.
        let pointing = with(&header, "jku", json!("https://evil.example/jwks.json"));
        me(&app, &forged(&pointing, &claims, &own)).await.expect(200);
    }

    async fn a_token_with_an_extension_that_must_be_understood_is_refused(app: TestApp) {
        let (header, claims) = good_parts(&app).await;
        for extension in [json!(["exp"]), json!(["b64"]), json!([])] {
            assert_refused(me(&app, &forged(&with(&header, "crit", extension), &claims, &own_key())).await, "crit");
        }
    }

    async fn a_damaged_token_is_refused(app: TestApp) {
        let (header, claims) = good_parts(&app).await;
        let token = forged(&header, &claims, &own_key());
        let parts: Vec<&str> = token.split('.').collect();
        let large = forged(&header, &with(&claims, "client_id", json!("x".repeat(9_000))), &own_key());
        assert!(large.len() > 8 * 1024);
        let foreign_claims = with(&claims, "roles", json!(["administrator"]));
        let swapped = unsigned(&header, &foreign_claims);
        let damaged = [
            ("truncated", token.strip_suffix(|_| true).unwrap().to_owned()),
            ("without its signature", format!("{}.{}", parts[0], parts[1])),
            ("with an empty signature", format!("{}.{}.", parts[0], parts[1])),
            ("with other claims", format!("{swapped}.{}", parts[2])),
            ("with a fourth part", format!("{token}.{}", parts[2])),
            ("with padding", format!("{token}==")),
            ("too large", large),
            ("not base64", "a*b.c*d.e*f".to_owned()),
            ("of one part", "abc".to_owned()),
            ("of dots", "..".to_owned()),
            ("followed by another", format!("{token} {token}")),
        ];
        for (what, token) in damaged {
            assert_refused(me(&app, &token).await, what);
        }
    }

    async fn a_header_that_is_no_bearer_token_is_refused(app: TestApp) {
        let (header, claims) = good_parts(&app).await;
        let token = forged(&header, &claims, &own_key());
        for value in ["Bearer", "Bearer ", "Basic YWRhOnBhc3N3b3Jk", &token, &format!("Token {token}"), &format!("Bearer:{token}")] {
            let answer = app.reader().request(Method::GET, "/v1/auth/me").header("Authorization", value).send().await;
            assert_refused(answer, value);
        }
    }

    async fn without_a_token_the_answer_says_what_to_send_and_no_error_code(app: TestApp) {
        let answer = app.reader().request(Method::GET, "/v1/auth/me").send().await;
        assert_eq!(answer.header("www-authenticate"), "Bearer realm=\"galley\"");
        insta::assert_json_snapshot!("not_authenticated", answer.problem(401, "not-authenticated"), {".request_id" => "[id]"});
    }

    async fn the_token_of_an_account_that_is_gone_is_refused(app: TestApp) {
        let token = app.token(&app.claims(Uuid::from_u128(99), Role::Editor));
        assert_refused(me(&app, &token).await, "the account is gone");
    }

    async fn a_reader_is_told_which_scope_is_missing(app: TestApp) {
        let answer = app.account(Role::Reader).await.get("/v1/editorial/articles").await;
        assert_eq!(
            answer.header("www-authenticate"),
            "Bearer realm=\"galley\", error=\"insufficient_scope\", scope=\"articles:read\""
        );
        insta::assert_json_snapshot!("insufficient_scope", answer.problem(403, "insufficient-scope"), {".request_id" => "[id]"});
    }

    async fn a_token_may_do_less_than_the_role_and_never_more(app: TestApp) {
        let account = app.create_account("ada@galley.example", Role::Editor).await;
        let mut less = app.claims(account, Role::Editor);
        less.scope = Role::Moderator.scopes();
        let less = app.bearer(&app.token(&less));
        less.get("/v1/editorial/articles").await.problem(403, "insufficient-scope");
        less.get("/v1/editorial/comments").await.expect(200);
        assert_eq!(less.get("/v1/auth/me").await.json()["scopes"], json!(["comments:moderate", "tokens:write"]));
        // What a token says of the role is not asked: the account has the role that it has now.
        let reader = app.create_account("grace@galley.example", Role::Reader).await;
        let more = app.bearer(&app.token(&app.claims(reader, Role::Administrator)));
        more.get("/v1/editorial/articles").await.problem(403, "insufficient-scope");
        assert_eq!(more.get("/v1/auth/me").await.json()["scopes"], json!([]));
    }

    async fn a_bad_token_is_told_before_anything_else_that_is_wrong(app: TestApp) {
        let (wrong, member) = (app.bearer("nonsense"), app.account(Role::Reader).await);
        for path in ["/v1/editorial/articles?nonsense=1", "/v1/editorial/articles/nonsense", "/v1/editorial/comments?limit=0"] {
            assert_refused(wrong.get(path).await, path);
            app.reader().get(path).await.problem(401, "not-authenticated");
            let problem = member.get(path).await.problem(403, "insufficient-scope");
            assert!(problem.get("errors").is_none(), "{problem}");
        }
        let answer = app.reader().request(Method::POST, "/v1/editorial/articles").body("application/json", "{").send().await;
        answer.problem(401, "not-authenticated");
    }

    async fn a_token_of_another_instance_is_believed_once_its_key_is_announced(app: TestApp) {
        let (header, claims) = good_parts(&app).await;
        let foreign = foreign_key();
        let x = URL_SAFE_NO_PAD.encode(foreign.public_key());
        let kid = URL_SAFE_NO_PAD.encode(Sha256::digest(format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#)));
        let token = forged(&with(&header, "kid", json!(kid)), &claims, &foreign);
        assert_refused(me(&app, &token).await, "not announced");

        let key = json!({"kty": "OKP", "crv": "Ed25519", "x": x, "kid": kid, "alg": "EdDSA", "use": "sig"}).to_string();
        let now = app.state.clock.now();
        let announced: Result<(), galley::database::failure::Failure> =
            galley::write_unit!(&app.state.database, accounts::announce_key(kid, key, now));
        announced.unwrap();
        app.state.clock.advance(Duration::seconds(6));
        me(&app, &token).await.expect(200);
        let keys = app.reader().get("/.well-known/jwks.json").await.expect(200).json();
        assert_eq!(keys["keys"].as_array().unwrap().len(), 2);
    }
}
