//! Webhook signatures: who sent this, is it unchanged, and is it from just now?
//!
//! The scheme is Standard Webhooks (<https://www.standardwebhooks.com>): an HMAC-SHA256 over
//! `{id}.{timestamp}.{body}`. Because the id and the time are signed too, a recorded delivery
//! cannot be sent again under another id or, five minutes later, at all.
//!
//! ```text
//! webhook-id: msg_2KWPBgLlAfxdpx2AI54pPJ85f4W      the same for every attempt
//! webhook-timestamp: 1674087231                    seconds since 1970, fresh for every attempt
//! webhook-signature: v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4= v1,..
//! ```

use std::fmt;

use axum::http::{HeaderMap, HeaderValue};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// The header with the id of the message.
pub const ID_HEADER: &str = "webhook-id";
/// The header with the time of the attempt, in seconds since 1970.
pub const TIMESTAMP_HEADER: &str = "webhook-timestamp";
/// The header with one or more signatures, separated by spaces.
pub const SIGNATURE_HEADER: &str = "webhook-signature";

/// How far the sender's clock may be from ours, in seconds, either way. The standard suggests
/// five minutes: more than honest clocks disagree, and little time for a thief.
const TOLERANCE_S: u64 = 300;

/// The version of the scheme, in front of each signature.
const VERSION: &str = "v1,";

/// The secrets that sender and receiver share. The first one signs, all of them verify.
///
/// So a secret can be replaced without losing a message: give the receiver `new,old`, then the
/// sender, and take `old` away when no message signed with it is left.
#[derive(Clone)]
pub struct Secrets {
    signing: Hmac<Sha256>,
    retired: Vec<Hmac<Sha256>>,
}

/// Why the setting holds no usable secrets. Says which one is wrong, never what it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    /// Nothing between two commas, or nothing at all.
    #[error("webhook secret number {0} is empty")]
    Empty(usize),
    /// What follows `whsec_` cannot be decoded.
    #[error("webhook secret number {0} begins with whsec_ but does not go on in base64")]
    NotBase64(usize),
}

/// Why a delivery is not trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// One of the three headers is absent.
    #[error("the {0} header is missing")]
    Missing(&'static str),
    /// The timestamp is no number.
    #[error("the webhook-timestamp header must be a number of seconds since 1970")]
    NotATimestamp,
    /// The message is old, or comes from the future.
    #[error("the webhook-timestamp header is more than {TOLERANCE_S} seconds away from our clock")]
    OutsideTolerance,
    /// No signature fits any of our secrets.
    #[error("no signature in the webhook-signature header matches")]
    NoMatch,
}

impl Secrets {
    /// Reads secrets separated by commas. One that begins with `whsec_` is base64, as the
    /// standard has it; any other is taken as it is.
    ///
    /// # Errors
    ///
    /// A sentence for whoever wrote the setting.
    pub fn parse(setting: &str) -> Result<Self, SecretError> {
        let mut keys = Vec::new();
        for (number, secret) in (1..).zip(setting.split(',')) {
            let key = match secret.trim().strip_prefix("whsec_") {
                Some(text) => BASE64.decode(text).map_err(|_| SecretError::NotBase64(number))?,
                None => secret.trim().as_bytes().to_vec(),
            };
            if key.is_empty() {
                return Err(SecretError::Empty(number));
            }
            // HMAC takes a key of any length; the type of the error is for other MACs.
            keys.push(Hmac::new_from_slice(&key).map_err(|_| SecretError::Empty(number))?);
        }
        let mut keys = keys.into_iter();
        let signing = keys.next().ok_or(SecretError::Empty(1))?;
        Ok(Self { signing, retired: keys.collect() })
    }

    /// The value of the signature header for a message sent at `timestamp`, in seconds since
    /// 1970.
    pub fn sign(&self, id: &str, timestamp: i64, body: &[u8]) -> String {
        let mac = absorb(&self.signing, id, &timestamp.to_string(), body);
        format!("{VERSION}{}", BASE64.encode(mac.finalize().into_bytes()))
    }

    /// Adds the three headers of a message that is sent at `timestamp`, in seconds since 1970.
    pub fn write_headers(&self, headers: &mut HeaderMap, id: &str, timestamp: i64, body: &[u8]) {
        let signature = self.sign(id, timestamp, body);
        let fields = [
            (ID_HEADER, id),
            (TIMESTAMP_HEADER, &timestamp.to_string()),
            (SIGNATURE_HEADER, &signature),
        ];
        for (name, value) in fields {
            if let Ok(value) = HeaderValue::from_str(value) {
                headers.insert(name, value);
            }
        }
    }

    /// Checks a delivery: its three headers, and its body exactly as it arrived. `now` is in
    /// seconds since 1970.
    ///
    /// # Errors
    ///
    /// Why this delivery is not to be believed.
    pub fn verify(
        &self,
        id: Option<&str>,
        timestamp: Option<&str>,
        signature: Option<&str>,
        body: &[u8],
        now: i64,
    ) -> Result<(), SignatureError> {
        let id = id.ok_or(SignatureError::Missing(ID_HEADER))?;
        let timestamp = timestamp.ok_or(SignatureError::Missing(TIMESTAMP_HEADER))?;
        let signature = signature.ok_or(SignatureError::Missing(SIGNATURE_HEADER))?;

        let sent_at: i64 = timestamp.parse().map_err(|_| SignatureError::NotATimestamp)?;
        // `abs_diff`, because `now - sent_at` overflows for a timestamp chosen to do that.
        if now.abs_diff(sent_at) > TOLERANCE_S {
            return Err(SignatureError::OutsideTolerance);
        }

        let offered: Vec<Vec<u8>> = signature
            .split(' ')
            .filter_map(|one| BASE64.decode(one.strip_prefix(VERSION)?).ok())
            .collect();
        let is_genuine = std::iter::once(&self.signing).chain(&self.retired).any(|key| {
            let mac = absorb(key, id, timestamp, body);
            // `verify_slice` looks at every byte even after a difference. `==` would stop there,
            // and how long it took would tell a forger how much of a guess was right.
            offered.iter().any(|bytes| mac.clone().verify_slice(bytes).is_ok())
        });
        if is_genuine { Ok(()) } else { Err(SignatureError::NoMatch) }
    }
}

fn absorb(key: &Hmac<Sha256>, id: &str, timestamp: &str, body: &[u8]) -> Hmac<Sha256> {
    let mut mac = key.clone();
    for part in [id.as_bytes(), b".", timestamp.as_bytes(), b".", body] {
        mac.update(part);
    }
    mac
}

/// Only how many there are: debug output ends up in logs.
impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secrets({} hidden)", 1 + self.retired.len())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    // The example that the standard publishes.
    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const ID: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
    const TIMESTAMP: i64 = 1_614_265_330;
    const BODY: &[u8] = br#"{"test": 2432232314}"#;
    const SIGNATURE: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

    fn secrets(setting: &str) -> Secrets {
        Secrets::parse(setting).unwrap()
    }

    fn verify(setting: &str, signature: &str, now: i64) -> Result<(), SignatureError> {
        let timestamp = TIMESTAMP.to_string();
        secrets(setting).verify(Some(ID), Some(&timestamp), Some(signature), BODY, now)
    }

    #[test]
    fn the_published_example_is_signed_and_verified() {
        assert_eq!(secrets(SECRET).sign(ID, TIMESTAMP, BODY), SIGNATURE);
        assert_eq!(verify(SECRET, SIGNATURE, TIMESTAMP), Ok(()));
    }

    #[test]
    fn every_part_is_signed() {
        let secrets = secrets(SECRET);
        let time = TIMESTAMP.to_string();
        let check = |id, timestamp, body| {
            secrets.verify(Some(id), Some(timestamp), Some(SIGNATURE), body, TIMESTAMP)
        };

        assert_eq!(check(ID, &time, BODY), Ok(()));
        assert_eq!(check("msg_other", &time, BODY), Err(SignatureError::NoMatch));
        assert_eq!(check(ID, "1614265331", BODY), Err(SignatureError::NoMatch));
        assert_eq!(check(ID, &time, b"{}"), Err(SignatureError::NoMatch));
    }

    #[test]
    fn a_message_must_be_from_just_now() {
        for now in [TIMESTAMP - 300, TIMESTAMP + 300] {
            assert_eq!(verify(SECRET, SIGNATURE, now), Ok(()));
        }
        for now in [TIMESTAMP - 301, TIMESTAMP + 301, i64::MIN, i64::MAX] {
            assert_eq!(verify(SECRET, SIGNATURE, now), Err(SignatureError::OutsideTolerance));
        }
    }

    #[test]
    fn a_secret_is_replaced_without_losing_a_message() {
        let by_old = secrets("old").sign(ID, TIMESTAMP, BODY);
        let by_both = format!("v1,AAAA v1a,xyz {by_old}");

        assert_eq!(verify("new,old", &by_old, TIMESTAMP), Ok(()));
        assert_eq!(verify("old", &by_both, TIMESTAMP), Ok(()));
        assert_eq!(verify("new", &by_old, TIMESTAMP), Err(SignatureError::NoMatch));
        assert_eq!(secrets(" old , new ").sign(ID, TIMESTAMP, BODY), by_old);
    }

    #[test]
    fn a_missing_or_senseless_header_is_named() {
        let secrets = secrets(SECRET);
        let check = |id, timestamp, signature| {
            secrets.verify(id, timestamp, signature, BODY, TIMESTAMP).unwrap_err().to_string()
        };

        assert_eq!(check(None, Some("1"), Some("x")), "the webhook-id header is missing");
        assert_eq!(check(Some(ID), None, Some("x")), "the webhook-timestamp header is missing");
        assert_eq!(check(Some(ID), Some("1"), None), "the webhook-signature header is missing");
        for wrong in ["", "soon", "1614265330.5", "99999999999999999999"] {
            assert!(check(Some(ID), Some(wrong), Some("x")).contains("must be a number"));
        }
        for wrong in ["", "v1", "v1,", "v1,?", &SIGNATURE[3..], &SIGNATURE.replace("v1", "v2")] {
            assert_eq!(verify(SECRET, wrong, TIMESTAMP), Err(SignatureError::NoMatch), "{wrong}");
        }
    }

    #[test]
    fn an_unusable_secret_is_refused_without_showing_it() {
        for (setting, expected) in [
            ("", SecretError::Empty(1)),
            ("a,,b", SecretError::Empty(2)),
            ("a,", SecretError::Empty(2)),
            ("whsec_", SecretError::Empty(1)),
            ("a,whsec_no!", SecretError::NotBase64(2)),
        ] {
            assert_eq!(Secrets::parse(setting).unwrap_err(), expected, "{setting}");
        }
        assert_eq!(format!("{:?}", secrets("hush,secret")), "Secrets(2 hidden)");
    }

    proptest! {
        #[test]
        fn no_header_makes_the_check_panic(timestamp: i64, now: i64, signature in ".{0,40}") {
            let timestamp = timestamp.to_string();
            let result = secrets(SECRET)
                .verify(Some(ID), Some(&timestamp), Some(&signature), BODY, now);
            prop_assert!(result.is_err());
        }
    }
}
