//! `phoenix config check` and `phoenix config show`.

mod filters;

use std::path::Path;

use phoenix_config::{Lang, Severity, check_against, show};

use crate::args::ConfigTask;
use crate::exit::Ended;
use crate::owner_file;

pub(crate) fn config(task: &ConfigTask, lang: Lang) -> Ended {
    match task {
        ConfigTask::Check { file, offline } => check(file, *offline, lang),
        ConfigTask::Show { file } => print(file, lang),
    }
}

fn check(file: &Path, offline: bool, lang: Lang) -> Ended {
    let checked = owner_file::read(file, lang)?;
    let mut problems = checked.problems.clone();
    let mut asked = lang
        .pick("not against an exchange", "未与交易所核对")
        .to_string();
    if let Some(venue) = checked.venue().filter(|_| !offline) {
        match filters::listed(&venue, &checked.symbol_names()) {
            Ok(listed) => {
                problems.extend(check_against(&checked, &listed));
                asked = lang
                    .pick("the exchange's filters too", "已与交易所核对")
                    .to_string();
            }
            Err(why) => {
                let said = lang.pick("not against the exchange", "未与交易所核对");
                asked = format!("{said}: {why}");
            }
        }
    }
    problems.sort_by_key(|problem| (problem.line, problem.column));
    owner_file::tell(file, &problems, lang);
    if problems
        .iter()
        .any(|problem| problem.severity == Severity::Error)
    {
        return Err(owner_file::refused(file, &problems, lang));
    }
    println!("{}: {} ({asked})", file.display(), lang.pick("ok", "正确"));
    Ok(())
}

fn print(file: &Path, lang: Lang) -> Ended {
    let checked = owner_file::read(file, lang)?;
    owner_file::tell(file, &checked.problems, lang);
    if checked.config.is_none() {
        return Err(owner_file::refused(file, &checked.problems, lang));
    }
    print!("{}", show(&checked, keys_from(), lang));
    Ok(())
}

/// Where the keys would come from, never what they are.
fn keys_from() -> &'static str {
    match std::env::var_os("BINANCE_API_KEY") {
        Some(_) => "BINANCE_API_KEY, BINANCE_API_SECRET",
        None => "keys_file",
    }
}
