//! What an answer of the exchange means, in one table.
//!
//! Three meanings only: it was done, it was definitely not done, or nobody
//! knows. The last is never guessed away: a status or code that leaves room
//! for doubt is [`Meaning::Unknown`], and only evidence resolves it. Codes
//! newer than this program are refusals when the exchange answered 4xx, which
//! it does only for requests that it did not carry out.

use phoenix_domain::{Doubt, Outcome, Refusal, RefusalReason, VenueMs};

/// The meaning of an answer and what to do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// What became of the request.
    pub meaning: Meaning,
    /// What to do.
    pub reaction: Reaction,
}

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// Carried out.
    Done,
    /// Not carried out because it already is so.
    AlreadySo,
    /// Definitely not carried out.
    Refused(RefusalReason),
    /// It may or may not have been carried out.
    Unknown(Doubt),
}

/// What to do about an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reaction {
    /// Nothing: an ordinary result for the maker's logic.
    Normal,
    /// Treat as success.
    Success,
    /// Ask the exchange where things stand before anything else.
    Reconcile,
    /// Wait, then try again, slower.
    BackOff,
    /// Measure the clock offset again, sign again, try once.
    ResyncClock,
    /// Fetch filters again, round again, try once.
    RefreshMetadata,
    /// Fault of ours or of the configuration: do not try again.
    Fault,
    /// Stop and call a person.
    Halt,
    /// Only reduce from here on.
    ReduceOnlyMode,
    /// The user stream's key is gone: make a new one, connect, reconcile.
    RenewListenKey,
}

/// An answer of the exchange, reduced to what decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer<'a> {
    /// HTTP status, or `status` of a WebSocket API reply. Items of a batch
    /// that carry an error count as 400.
    pub status: u16,
    /// The exchange's code, `None` if the body carried none.
    pub code: Option<i32>,
    /// The exchange's text; empty if none.
    pub message: &'a str,
}

impl Verdict {
    /// The engine's view of an answer that is not a confirmation.
    /// `retry_after_ms` is how long the exchange says to wait, 0 if it does
    /// not.
    ///
    /// `None` if the request was done: the body then holds the order.
    #[must_use]
    pub fn outcome(self, code: Option<i32>, retry_after_ms: u32) -> Option<Outcome> {
        let refused = |reason| {
            Some(Outcome::Refused(Refusal {
                reason,
                code: code.unwrap_or(0),
                retry_after_ms,
            }))
        };
        match self.meaning {
            Meaning::Done => None,
            Meaning::AlreadySo => refused(RefusalReason::NothingToAmend),
            Meaning::Refused(reason) => refused(reason),
            Meaning::Unknown(doubt) => Some(Outcome::Unknown(doubt)),
        }
    }
}

/// What an answer means.
#[must_use]
pub fn judge(answer: &Answer<'_>) -> Verdict {
    match answer.status {
        200..=299 => match answer.code {
            Some(code) if code < 0 => by_code(code).unwrap_or(UNSURE),
            _ => verdict(Meaning::Done, Reaction::Success),
        },
        403 => refused(RefusalReason::NotAllowed, Reaction::Halt),
        404 => refused(RefusalReason::Rejected, Reaction::Fault),
        418 => refused(RefusalReason::RateLimited, Reaction::Halt),
        429 => refused(RefusalReason::RateLimited, Reaction::BackOff),
        408 => UNSURE,
        400..=499 => answer
            .code
            .and_then(by_code)
            .unwrap_or(refused(RefusalReason::Rejected, Reaction::Fault)),
        503 => unavailable(answer),
        _ => UNSURE,
    }
}

/// The instant until which the exchange has banned this address, from the
/// text of -1003.
#[must_use]
pub fn banned_until(message: &str) -> Option<VenueMs> {
    let (_, rest) = message.split_once("banned until ")?;
    let digits = rest.split(|c: char| !c.is_ascii_digit()).next()?;
    digits.parse().ok().map(VenueMs)
}

const UNSURE: Verdict = Verdict {
    meaning: Meaning::Unknown(Doubt::VenueUnsure),
    reaction: Reaction::Reconcile,
};

fn verdict(meaning: Meaning, reaction: Reaction) -> Verdict {
    Verdict { meaning, reaction }
}

fn refused(reason: RefusalReason, reaction: Reaction) -> Verdict {
    verdict(Meaning::Refused(reason), reaction)
}

/// 503 has four faces; two of them are definite.
fn unavailable(answer: &Answer<'_>) -> Verdict {
    let overloaded = refused(RefusalReason::Overloaded, Reaction::BackOff);
    if answer.code == Some(-1008) || answer.message.starts_with("Service Unavailable") {
        overloaded
    } else {
        UNSURE
    }
}

/// The meaning of a code the exchange documents; `None` for any other.
fn by_code(code: i32) -> Option<Verdict> {
    general(code)
        .or_else(|| processing(code))
        .or_else(|| filters(code))
        .or_else(|| restrictions(code))
        .or_else(|| execution(code))
}

/// -1000 to -1199: the request as such.
fn general(code: i32) -> Option<Verdict> {
    use Reaction as R;
    use RefusalReason as Why;
    let verdict = match code {
        // -1001 is documented as not executed, but operators have seen
        // otherwise: for an order that is a doubt.
        -1000 | -1001 | -1006 | -1007 => UNSURE,
        -1002 | -1011 => refused(Why::NotAllowed, R::Halt),
        -1003 | -1015 => refused(Why::RateLimited, R::BackOff),
        -1008 => refused(Why::Overloaded, R::BackOff),
        -1013 | -1111 => refused(Why::Filter, R::RefreshMetadata),
        -1021 => refused(Why::Clock, R::ResyncClock),
        -1112 => refused(Why::Rejected, R::BackOff),
        -1121 | -1122 => refused(Why::SymbolHalted, R::RefreshMetadata),
        -1125 => refused(Why::Rejected, R::RenewListenKey),
        -1010 | -1014 | -1016 | -1020 | -1022 | -1023 | -1099 | -1106..=-1100 => FAULT,
        -1110..=-1108 | -1120..=-1114 | -1128..=-1126 | -1130 | -1136 => FAULT,
        _ => return None,
    };
    Some(verdict)
}

/// -2000 to -2099: the order.
fn processing(code: i32) -> Option<Verdict> {
    use Reaction as R;
    use RefusalReason as Why;
    let verdict = match code {
        -2010 | -2020 | -2021 => refused(Why::Rejected, R::Normal),
        -2011 | -2013 => refused(Why::NoSuchOrder, R::Reconcile),
        -2012 => UNSURE,
        -2014 | -2015 | -2017 | -2023 => refused(Why::NotAllowed, R::Halt),
        -2018 | -2019 | -2027 | -2028 => refused(Why::Margin, R::Normal),
        -2022 => refused(Why::ReduceOnly, R::Normal),
        -2024 => refused(Why::ReduceOnly, R::Reconcile),
        -2025 => refused(Why::OpenOrderLimit, R::Normal),
        -2026 => FAULT,
        _ => return None,
    };
    Some(verdict)
}

/// -4000 to -4099: filters and settings.
fn filters(code: i32) -> Option<Verdict> {
    use Reaction as R;
    use RefusalReason as Why;
    let verdict = match code {
        -4007..=-4001 | -4014 | -4013 | -4023 => refused(Why::Filter, R::RefreshMetadata),
        -4016 | -4024 => refused(Why::Filter, R::Normal),
        -4015 | -4021 | -4032..=-4028 | -4055..=-4049 | -4060 | -4061 | -4062 | -4082 => FAULT,
        -4045 => refused(Why::OpenOrderLimit, R::Normal),
        -4046 | -4059 => verdict_already(),
        -4047 | -4048 | -4067 | -4068 => refused(Why::Rejected, R::Normal),
        -4056 | -4057 | -4088 => refused(Why::NotAllowed, R::Halt),
        -4083 => UNSURE,
        -4087 => refused(Why::ReduceOnlyMode, R::ReduceOnlyMode),
        _ => return None,
    };
    Some(verdict)
}

/// -4100 to -4599: restrictions of symbol and account.
fn restrictions(code: i32) -> Option<Verdict> {
    use Reaction as R;
    use RefusalReason as Why;
    let verdict = match code {
        -4104 | -4114 | -4115 | -4120 | -4135 | -4137 | -4138 | -4139 | -4144 => FAULT,
        -4107..=-4105 | -4189 | -4400 | -4401 => refused(Why::ReduceOnlyMode, R::ReduceOnlyMode),
        -4109 | -4192 | -4402 | -4403 => refused(Why::NotAllowed, R::Halt),
        -4116 => refused(Why::DuplicateClientId, R::Reconcile),
        -4117 => refused(Why::Rejected, R::BackOff),
        -4118 => refused(Why::ReduceOnly, R::Normal),
        -4131 => refused(Why::Filter, R::BackOff),
        -4140 | -4141 => refused(Why::SymbolHalted, R::RefreshMetadata),
        -4142 | -4161 | -4531 => refused(Why::Rejected, R::Normal),
        -4164 => refused(Why::Filter, R::RefreshMetadata),
        -4171 => verdict_already(),
        -4165 | -4170..=-4167 | -4172 | -4209..=-4202 => FAULT,
        -4183 | -4184 | -4210 | -4211 => refused(Why::Filter, R::Normal),
        _ => return None,
    };
    Some(verdict)
}

/// -5000 to -5099: matching.
fn execution(code: i32) -> Option<Verdict> {
    use Reaction as R;
    use RefusalReason as Why;
    let verdict = match code {
        -5021 => refused(Why::Rejected, R::Normal),
        -5022 => refused(Why::WouldCross, R::Normal),
        -5024 => refused(Why::SymbolHalted, R::Normal),
        -5026 => refused(Why::Rejected, R::Normal),
        -5027 => verdict_already(),
        -5028 => refused(Why::Clock, R::ResyncClock),
        -5029 => refused(Why::Filter, R::RefreshMetadata),
        -5041 => refused(Why::Rejected, R::BackOff),
        -5043 => refused(Why::AmendInFlight, R::Normal),
        -5025 | -5037 | -5038 | -5039 | -5040 | -5047 => FAULT,
        _ => return None,
    };
    Some(verdict)
}

const FAULT: Verdict = Verdict {
    meaning: Meaning::Refused(RefusalReason::Rejected),
    reaction: Reaction::Fault,
};

fn verdict_already() -> Verdict {
    verdict(Meaning::AlreadySo, Reaction::Success)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every code the exchange documents, by reaction. The letters are those
    /// of a desk's run book: R reconcile, B back off, T clock, N normal,
    /// S success, M metadata, F fault, H halt, O reduce-only, K listen key.
    const DOCUMENTED: &[(char, &[i32])] = &[
        (
            'R',
            &[
                -1000, -1001, -1006, -1007, -2011, -2012, -2013, -2024, -4083, -4116,
            ],
        ),
        ('B', &[-1003, -1008, -1015, -1112, -4117, -4131, -5041]),
        ('T', &[-1021, -5028]),
        (
            'N',
            &[
                -2010, -2018, -2019, -2020, -2021, -2022, -2025, -2027, -2028,
            ],
        ),
        (
            'N',
            &[
                -4016, -4024, -4045, -4047, -4048, -4067, -4068, -4118, -4142,
            ],
        ),
        ('N', &[-4161, -4183, -4184, -4210, -4211, -4531]),
        ('N', &[-5021, -5022, -5024, -5026, -5043]),
        ('S', &[-4046, -4059, -4171, -5027]),
        (
            'M',
            &[
                -1013, -1111, -1121, -1122, -4001, -4002, -4003, -4004, -4005, -4006,
            ],
        ),
        (
            'M',
            &[-4007, -4013, -4014, -4023, -4140, -4141, -4164, -5029],
        ),
        (
            'F',
            &[
                -1010, -1014, -1016, -1020, -1022, -1023, -1099, -1100, -1101, -1102,
            ],
        ),
        (
            'F',
            &[
                -1103, -1104, -1105, -1106, -1108, -1109, -1110, -1114, -1115, -1116,
            ],
        ),
        (
            'F',
            &[
                -1117, -1118, -1119, -1120, -1126, -1127, -1128, -1130, -1136,
            ],
        ),
        (
            'F',
            &[
                -2026, -4015, -4021, -4028, -4029, -4030, -4031, -4032, -4049, -4050,
            ],
        ),
        (
            'F',
            &[
                -4051, -4052, -4053, -4054, -4055, -4060, -4061, -4062, -4082, -4104,
            ],
        ),
        (
            'F',
            &[
                -4114, -4115, -4120, -4135, -4137, -4138, -4139, -4144, -4165, -4167,
            ],
        ),
        (
            'F',
            &[
                -4168, -4169, -4170, -4172, -4202, -4203, -4204, -4205, -4206, -4207,
            ],
        ),
        (
            'F',
            &[-4208, -4209, -5025, -5037, -5038, -5039, -5040, -5047],
        ),
        (
            'H',
            &[
                -1002, -1011, -2014, -2015, -2017, -2023, -4056, -4057, -4088, -4109,
            ],
        ),
        ('H', &[-4192, -4402, -4403]),
        ('O', &[-4087, -4105, -4106, -4107, -4189, -4400, -4401]),
        ('K', &[-1125]),
    ];

    fn letter(reaction: Reaction) -> char {
        match reaction {
            Reaction::Reconcile => 'R',
            Reaction::BackOff => 'B',
            Reaction::ResyncClock => 'T',
            Reaction::Normal => 'N',
            Reaction::Success => 'S',
            Reaction::RefreshMetadata => 'M',
            Reaction::Fault => 'F',
            Reaction::Halt => 'H',
            Reaction::ReduceOnlyMode => 'O',
            Reaction::RenewListenKey => 'K',
        }
    }

    fn of(status: u16, code: Option<i32>, message: &str) -> Verdict {
        judge(&Answer {
            status,
            code,
            message,
        })
    }

    #[test]
    fn every_documented_code_has_its_reaction() {
        let mut seen = std::collections::BTreeSet::new();
        for (class, codes) in DOCUMENTED {
            for &code in *codes {
                assert!(seen.insert(code), "{code} listed twice");
                assert!(by_code(code).is_some(), "{code} is not in the table");
                assert_eq!(letter(of(400, Some(code), "").reaction), *class, "{code}");
            }
        }
        for code in -9999..=0 {
            let listed = seen.contains(&code);
            assert_eq!(by_code(code).is_some(), listed, "{code} is not documented");
        }
    }

    #[test]
    fn doubt_is_never_guessed_away() {
        let unknown = Meaning::Unknown(Doubt::VenueUnsure);
        for (status, code, message) in [
            (
                503,
                None,
                "Unknown error, please check your request or try again later.",
            ),
            (
                503,
                Some(-1000),
                "Unknown error, please check your request or try again later.",
            ),
            (
                503,
                Some(-1001),
                "Internal error; unable to process your request. Please try again.",
            ),
            (503, None, "<html>"),
            (500, None, ""),
            (502, None, "Bad Gateway"),
            (504, None, ""),
            (
                408,
                Some(-1007),
                "Timeout waiting for response from backend server.",
            ),
            (400, Some(-1006), ""),
            (302, None, ""),
            (0, None, ""),
            (200, Some(-9999), "newer than this program"),
        ] {
            assert_eq!(
                of(status, code, message).meaning,
                unknown,
                "{status} {code:?}"
            );
        }
    }

    #[test]
    fn definite_answers_are_definite() {
        use RefusalReason as Why;
        for (status, code, message, reason) in [
            (503, None, "Service Unavailable.", Why::Overloaded),
            (503, Some(-1008), "Request throttled", Why::Overloaded),
            (429, Some(-1015), "Too many new orders", Why::RateLimited),
            (418, Some(-1003), "banned until 1", Why::RateLimited),
            (403, None, "<html>", Why::NotAllowed),
            (404, None, "", Why::Rejected),
            (400, Some(-5022), "", Why::WouldCross),
            (400, Some(-4116), "", Why::DuplicateClientId),
            (400, Some(-2011), "", Why::NoSuchOrder),
            (400, Some(-9999), "newer than this program", Why::Rejected),
            (400, None, "not json", Why::Rejected),
        ] {
            let verdict = of(status, code, message);
            assert_eq!(
                verdict.meaning,
                Meaning::Refused(reason),
                "{status} {code:?}"
            );
            let outcome = verdict.outcome(code, 7);
            let expected = Refusal {
                reason,
                code: code.unwrap_or(0),
                retry_after_ms: 7,
            };
            assert_eq!(outcome, Some(Outcome::Refused(expected)));
        }
        assert_eq!(of(200, None, "").outcome(None, 0), None);
        assert_eq!(of(200, Some(200), "success").meaning, Meaning::Done);
        assert_eq!(of(400, Some(-5027), "").meaning, Meaning::AlreadySo);
    }

    #[test]
    fn the_end_of_a_ban_is_read_from_the_text() {
        let text = "Way too many requests; IP(1.2.3.4) banned until 1788319856878. Please use \
                    the websocket for live updates to avoid bans.";
        assert_eq!(banned_until(text), Some(VenueMs(1_788_319_856_878)));
        assert_eq!(banned_until("banned until "), None);
        assert_eq!(banned_until("banned until 99999999999999999999"), None);
        assert_eq!(banned_until(""), None);
    }
}
