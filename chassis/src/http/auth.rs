//! The API key: who may use the shop at all.
//!
//! Keys are kept as SHA-256 digests and compared in constant time, all of them every time,
//! so that neither the memory nor the clock tells how nearly right a guess was.

use std::net::IpAddr;
use std::sync::Arc;

use axum::http::{HeaderMap, HeaderValue};
use sha2::{Digest, Sha256};
use subtle::{Choice, ConstantTimeEq};

use super::problem::Problem;
use crate::insight::recorder::{self, StepKind};

/// The header that carries the key.
pub const API_KEY_HEADER: &str = "x-api-key";

/// The key that works out of the box, and that everybody can read here.
pub const DEMO_KEY: &str = "secret-key-123";

/// The shortest key for a service that others can reach. Sixteen random characters hold
/// some 95 bits, far beyond guessing over a network.
const EXPOSED_KEY_MIN: usize = 16;

/// The accepted keys.
#[derive(Clone)]
pub struct ApiKeys {
    digests: Arc<[[u8; 32]]>,
    first: HeaderValue,
    weakest: Weakness,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Weakness {
    None,
    Short,
    Demo,
}

impl ApiKeys {
    /// Reads a comma-separated list. All are accepted, the first is sent on outbound calls;
    /// that is what rotating a key needs.
    ///
    /// # Errors
    ///
    /// A sentence if a key is empty or cannot stand in a header.
    pub fn parse(list: &str) -> Result<Self, String> {
        let keys: Vec<&str> = list.split(',').map(str::trim).collect();
        if keys.iter().any(|key| key.is_empty()) {
            return Err("API_KEY holds an empty key: list one or more, with commas between".into());
        }
        if keys.iter().any(|key| !key.bytes().all(|byte| byte.is_ascii_graphic())) {
            return Err("API_KEY may hold only visible ASCII characters".into());
        }
        let mut first = HeaderValue::from_str(keys[0]).map_err(|cause| cause.to_string())?;
        first.set_sensitive(true);
        let weakest = if keys.contains(&DEMO_KEY) {
            Weakness::Demo
        } else if keys.iter().any(|key| key.len() < EXPOSED_KEY_MIN) {
            Weakness::Short
        } else {
            Weakness::None
        };
        let digests = keys.iter().map(|key| Sha256::digest(key).into()).collect();
        Ok(Self { digests, first, weakest })
    }

    /// Refuses to guard a reachable service with a key that everybody knows.
    ///
    /// # Errors
    ///
    /// A sentence that says how to fix it.
    pub fn check_exposure(&self, host: IpAddr, allow_demo_key: bool) -> Result<(), String> {
        if host.is_loopback() || allow_demo_key {
            return Ok(());
        }
        let fault = match self.weakest {
            Weakness::None => return Ok(()),
            Weakness::Short => "an API key of fewer than 16 characters",
            Weakness::Demo => "the demo API key",
        };
        Err(format!(
            "refusing to listen on {host} with {fault}: set API_KEY to 16 or more random \
             characters, or HOST to 127.0.0.1, or ALLOW_DEMO_KEY=1 if nobody else can reach it"
        ))
    }

    /// The key to send to other services.
    pub fn outbound(&self) -> HeaderValue {
        self.first.clone()
    }

    /// Lets only requests with a key pass.
    pub(super) fn require(&self, headers: &HeaderMap) -> Result<(), Problem> {
        if !self.admit(headers) {
            recorder::note(StepKind::Key, || "API key missing or wrong".to_owned());
            return Err(Problem::unauthorized());
        }
        recorder::note(StepKind::Key, || "API key accepted".to_owned());
        Ok(())
    }

    /// Whether the request carries one of the keys. Two key headers are nobody's key.
    pub fn admit(&self, headers: &HeaderMap) -> bool {
        let mut presented = headers.get_all(API_KEY_HEADER).iter();
        let (Some(key), None) = (presented.next(), presented.next()) else { return false };
        let digest: [u8; 32] = Sha256::digest(key.as_bytes()).into();
        self.digests.iter().fold(Choice::from(0), |any, known| any | known.ct_eq(&digest)).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admits(keys: &ApiKeys, presented: &[&'static str]) -> bool {
        let mut headers = HeaderMap::new();
        for key in presented {
            headers.append(API_KEY_HEADER, HeaderValue::from_static(key));
        }
        keys.admit(&headers)
    }

    #[test]
    fn every_listed_key_is_admitted_and_nothing_near_it() {
        let keys = ApiKeys::parse("new-key, old-key").unwrap();
        assert!(admits(&keys, &["new-key"]) && admits(&keys, &["old-key"]));
        for wrong in ["", "new-ke", "new-keyy", "NEW-KEY", "new-key,old-key", " "] {
            assert!(!admits(&keys, &[wrong]), "{wrong:?}");
        }
        assert!(!admits(&keys, &[]));
        assert!(!admits(&keys, &["new-key", "new-key"]));
        assert_eq!(keys.outbound(), "new-key");
    }

    #[test]
    fn an_empty_key_never_guards_anything() {
        for list in ["", ",", "a,", " , b"] {
            assert!(ApiKeys::parse(list).is_err(), "{list:?}");
        }
    }

    #[test]
    fn a_reachable_service_needs_a_key_of_its_own() {
        let outside: IpAddr = "0.0.0.0".parse().unwrap();
        let inside: IpAddr = "127.0.0.1".parse().unwrap();
        let strong = "0123456789abcdef";
        for (list, fine) in [(DEMO_KEY, false), ("short", false), (strong, true)] {
            let keys = ApiKeys::parse(list).unwrap();
            assert_eq!(keys.check_exposure(outside, false).is_ok(), fine, "{list}");
            assert!(keys.check_exposure(inside, false).is_ok());
            assert!(keys.check_exposure(outside, true).is_ok());
        }
        let mixed = ApiKeys::parse(&format!("{strong},{DEMO_KEY}")).unwrap();
        assert!(mixed.check_exposure(outside, false).unwrap_err().contains("demo"));
    }
}
