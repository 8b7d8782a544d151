//! Logs rejected access tokens: the client's address and how the token begins, at a limited rate.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use governor::{DefaultDirectRateLimiter, DefaultKeyedRateLimiter, Quota, RateLimiter};
use tracing::warn;

use super::api_token;
use super::login_rate_limit::network;

/// The burst of log lines for one address, and the time after which another one is allowed.
const PER_IP: (NonZeroU32, Duration) = (NonZeroU32::new(5).expect("not zero"), Duration::from_mins(1));

/// The same for all addresses together.
const TOTAL: (NonZeroU32, Duration) = (NonZeroU32::new(60).expect("not zero"), Duration::from_secs(10));

/// The number of addresses that are remembered. Above it, those without recent lines are forgotten.
const MAX_REMEMBERED: usize = 10_000;

/// The number of characters of a token that are logged after [`api_token::PREFIX`]. They are enough for an owner to
/// identify the token. 240 of its 256 bits stay secret.
const LOGGED_CHARACTERS: usize = 4;

/// The minimum length of such a token, in characters after the prefix.
const MIN_TOKEN_CHARACTERS: usize = 64;

/// Logs rejected tokens.
#[derive(Clone, Debug)]
pub struct WrongTokens {
    per_ip: Arc<DefaultKeyedRateLimiter<IpAddr>>,
    total: Arc<DefaultDirectRateLimiter>,
}

impl WrongTokens {
    /// Returns a logger that has logged none. It uses the monotonic clock.
    ///
    /// # Panics
    /// Never: no period is zero.
    pub fn new() -> Self {
        let quota = |(burst, every)| Quota::with_period(every).expect("not zero").allow_burst(burst);
        Self { per_ip: Arc::new(RateLimiter::keyed(quota(PER_IP))), total: Arc::new(RateLimiter::direct(quota(TOTAL))) }
    }

    /// Logs that a client presented this in place of a valid token.
    pub fn log(&self, client_address: IpAddr, shown: Option<&str>) {
        if self.per_ip.len() > MAX_REMEMBERED {
            self.per_ip.retain_recent();
        }
        let network = network(client_address);
        if self.per_ip.check_key(&network).is_err() || self.total.check().is_err() {
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

/// Returns how a token begins; `None` if it does not look like a token, because it may be a password.
fn beginning(shown: &str) -> Option<String> {
    let rest = shown.strip_prefix(api_token::PREFIX)?;
    let letters = if rest.len() < MIN_TOKEN_CHARACTERS { 0 } else { LOGGED_CHARACTERS };
    let letters: String = rest.chars().take_while(char::is_ascii_alphanumeric).take(letters).collect();
    Some(format!("{}{letters}…", api_token::PREFIX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_beginning_of_a_long_token_with_our_prefix_is_logged() {
        let token = format!("mexp_{}", "0123456789abcdef".repeat(4));
        assert_eq!(beginning(&token).as_deref(), Some("mexp_0123…"));
        assert_eq!(beginning("mexp_0123456789").as_deref(), Some("mexp_…"));
        assert_eq!(beginning(&format!("mexp_\n{}", "x".repeat(80))).as_deref(), Some("mexp_…"));
        assert_eq!(beginning("correct horse battery"), None);
        assert_eq!(beginning(""), None);
    }
}
