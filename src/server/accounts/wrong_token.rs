//! Wrong access tokens in the log: where they come from and how they begin, and no more lines than somebody can read.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use governor::{DefaultDirectRateLimiter, DefaultKeyedRateLimiter, Quota, RateLimiter};
use tracing::warn;

use super::api_token;
use super::login_rate_limit::network;

/// How many lines one address has at once, and after what time it has another one.
const FOR_ADDRESS: (NonZeroU32, Duration) = (NonZeroU32::new(5).expect("not zero"), Duration::from_mins(1));

/// The same for all addresses together.
const FOR_ALL: (NonZeroU32, Duration) = (NonZeroU32::new(60).expect("not zero"), Duration::from_secs(10));

/// How many addresses are remembered before those are forgotten that have all their lines again.
const REMEMBERED: usize = 10_000;

/// How many characters of a token are logged after [`api_token::PREFIX`]: enough to tell which one it is among those that
/// somebody has. 240 of its 256 bits stay unknown.
const SHOWN: usize = 4;

/// How long a token has to be for that, in characters after the prefix.
const LONG_ENOUGH: usize = 64;

/// Logs wrong tokens.
#[derive(Clone, Debug)]
pub struct WrongTokens {
    addresses: Arc<DefaultKeyedRateLimiter<IpAddr>>,
    all: Arc<DefaultDirectRateLimiter>,
}

impl WrongTokens {
    /// None has been logged yet. Has a clock of its own, which nobody sets.
    ///
    /// # Panics
    /// Never: no period is zero.
    pub fn new() -> Self {
        let quota = |(burst, every)| Quota::with_period(every).expect("not zero").allow_burst(burst);
        Self {
            addresses: Arc::new(RateLimiter::keyed(quota(FOR_ADDRESS))),
            all: Arc::new(RateLimiter::direct(quota(FOR_ALL))),
        }
    }

    /// Logs that a client showed this in place of a token that works.
    pub fn log(&self, client_address: IpAddr, shown: Option<&str>) {
        if self.addresses.len() > REMEMBERED {
            self.addresses.retain_recent();
        }
        let network = network(client_address);
        if self.addresses.check_key(&network).is_err() || self.all.check().is_err() {
            return;
        }
        warn!(
            %client_address,
            token = shown.and_then(beginning),
            "access token rejected: unknown, expired or revoked (further ones from this address may not be logged)"
        );
    }
}

impl Default for WrongTokens {
    fn default() -> Self {
        Self::new()
    }
}

/// How a token begins; `None` if it does not look like one of ours, since it may be a password then.
fn beginning(shown: &str) -> Option<String> {
    let rest = shown.strip_prefix(api_token::PREFIX)?;
    let letters = if rest.len() < LONG_ENOUGH { 0 } else { SHOWN };
    let letters: String = rest.chars().take_while(char::is_ascii_alphanumeric).take(letters).collect();
    Some(format!("{}{letters}…", api_token::PREFIX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_beginning_of_a_long_token_of_ours_is_shown() {
        let token = format!("mexp_{}", "0123456789abcdef".repeat(4));
        assert_eq!(beginning(&token).as_deref(), Some("mexp_0123…"));
        assert_eq!(beginning("mexp_0123456789").as_deref(), Some("mexp_…"));
        assert_eq!(beginning(&format!("mexp_\n{}", "x".repeat(80))).as_deref(), Some("mexp_…"));
        assert_eq!(beginning("correct horse battery"), None);
        assert_eq!(beginning(""), None);
    }
}
