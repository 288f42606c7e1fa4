//! `phoenix`: the one command. Every subcommand is a module; this file decides
//! language, exit code and nothing else.
#![forbid(unsafe_code)]

mod args;
mod chinese;
mod config_task;
mod demo;
mod exit;
mod market;
mod owner_file;
mod record;
mod run;
mod screen;
mod sim;
mod summary;
mod trade;

use std::process::ExitCode;

use clap::{CommandFactory as _, FromArgMatches as _};
use phoenix_config::Lang;

use args::{LangArg, Phoenix, Task};
use exit::{Code, Ended};

fn main() -> ExitCode {
    let guessed = language(None);
    let command = match guessed {
        Lang::En => Phoenix::command(),
        Lang::Zh => chinese::translated(Phoenix::command()),
    };
    let parsed = command
        .try_get_matches()
        .and_then(|matches| Phoenix::from_arg_matches(&matches));
    let phoenix = match parsed {
        Ok(phoenix) => phoenix,
        Err(error) => {
            let _ = error.print();
            let asked = !error.use_stderr();
            return if asked {
                ExitCode::SUCCESS
            } else {
                Code::Usage.exit()
            };
        }
    };
    let lang = language(phoenix.lang);
    match perform(&phoenix.task, lang) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("phoenix: {}", failure.text);
            failure.code.exit()
        }
    }
}

fn perform(task: &Task, lang: Lang) -> Ended {
    match task {
        Task::Config(task) => config_task::config(task, lang),
        Task::Completions { shell } => {
            let mut command = Phoenix::command();
            clap_complete::generate(*shell, &mut command, "phoenix", &mut std::io::stdout());
            Ok(())
        }
        Task::Version => {
            println!("phoenix {}", env!("CARGO_PKG_VERSION"));
            Ok(())
        }
        Task::Run(args) => run::run(args, lang),
        Task::Demo(args) => demo::demo(args, lang),
        Task::Sim(args) => sim::sim(args, lang),
        Task::Record(args) => record::record(args, lang),
    }
}

/// `--lang`, then PHOENIX_LANG, then the locale. Help is printed while the
/// command line is being read, so the flag is looked for by hand as well.
fn language(flag: Option<LangArg>) -> Lang {
    match flag {
        Some(LangArg::En) => return Lang::En,
        Some(LangArg::Zh) => return Lang::Zh,
        None => {}
    }
    let words: Vec<String> = std::env::args().collect();
    let after = words
        .windows(2)
        .find(|pair| pair[0] == "--lang")
        .map(|pair| pair[1].clone());
    let joined = words
        .iter()
        .find_map(|word| word.strip_prefix("--lang=").map(String::from));
    after
        .or(joined)
        .or_else(|| std::env::var("PHOENIX_LANG").ok())
        .and_then(|text| Lang::parse(&text))
        .or_else(|| Lang::parse(&sys_locale::get_locale()?))
        .unwrap_or_default()
}
