//! Reading an owner's file and telling what is wrong with it.

use std::path::Path;

use phoenix_config::{Checked, Config, Lang, Problem, Severity, check};

use crate::exit::{Code, Failure};

/// A settings file is a page or two; anything larger is another file.
const FILE_BYTES_MAX: u64 = 1 << 20;

/// Reads and checks a file; problems are inside.
pub(crate) fn read(file: &Path, lang: Lang) -> Result<Checked, Failure> {
    let shown = file.display();
    let unreadable = |error: std::io::Error| {
        let said = lang.pick("cannot be read", "无法读取");
        Failure::new(Code::NoInput, format!("{shown} {said}: {error}"))
    };
    let length = std::fs::metadata(file).map_err(unreadable)?.len();
    if length > FILE_BYTES_MAX {
        let said = lang.pick("bytes, a config has at most", "字节，配置文件最多");
        let text = format!("{shown}: {length} {said} {FILE_BYTES_MAX}");
        return Err(Failure::new(Code::Config, text));
    }
    let bytes = std::fs::read(file).map_err(unreadable)?;
    let text = String::from_utf8(bytes).map_err(|error| {
        let said = lang.pick(
            "is no UTF-8 text, first at byte",
            "不是 UTF-8 文本，字节位置",
        );
        let at = error.utf8_error().valid_up_to();
        Failure::new(Code::Config, format!("{shown} {said} {at}"))
    })?;
    Ok(check(&text, &|name| std::env::var(name).ok()))
}

/// The config of a file, or every mistake in it as one failure. Warnings go
/// to stderr.
pub(crate) fn config(file: &Path, lang: Lang) -> Result<Config, Failure> {
    let checked = read(file, lang)?;
    tell(file, &checked.problems, lang);
    checked
        .config
        .ok_or_else(|| refused(file, &checked.problems, lang))
}

/// One line to stderr for each problem.
pub(crate) fn tell(file: &Path, problems: &[Problem], lang: Lang) {
    let shown = file.display().to_string();
    for problem in problems {
        eprintln!("{}", problem.render(&shown, lang));
    }
}

pub(crate) fn refused(file: &Path, problems: &[Problem], lang: Lang) -> Failure {
    let errors = problems
        .iter()
        .filter(|p| p.severity == Severity::Error)
        .count();
    let text = match lang {
        Lang::En => format!("{}: {errors} error(s); nothing was started", file.display()),
        Lang::Zh => format!("{}：{errors} 处错误；没有启动任何东西", file.display()),
    };
    Failure::new(Code::Config, text)
}
