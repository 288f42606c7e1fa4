//! From the run's status feed to scenes.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use phoenix_config::Lang;
use phoenix_domain::Severity;
use phoenix_live::{LaneKind, Line, Status, StatusFeed};
use tokio::sync::broadcast::error::TryRecvError;

use super::scene::{Row, Said, Scene};

/// Notes kept for the panel.
const NOTES_KEPT: usize = 200;

/// Gathers what the screen shows.
pub(crate) struct Watcher {
    feed: StatusFeed,
    title: String,
    started: Instant,
    duration: Option<Duration>,
    notes: VecDeque<Said>,
    notes_total: u64,
    stopping: Option<&'static str>,
}

impl Watcher {
    pub(crate) fn new(feed: StatusFeed, title: String, duration: Option<Duration>) -> Self {
        Self {
            feed,
            title,
            started: Instant::now(),
            duration,
            notes: VecDeque::new(),
            notes_total: 0,
            stopping: None,
        }
    }

    /// From now on the screen says that the end is under way.
    pub(crate) fn stopping(&mut self, lang: Lang) {
        self.stopping = Some(lang.pick("cancelling everything", "正在撤销全部挂单"));
    }

    /// The present moment.
    pub(crate) fn scene(&mut self, lang: Lang) -> Scene {
        self.take_lines(lang);
        let status = self.feed.status.borrow_and_update().clone();
        let rows = status
            .makers
            .iter()
            .map(|maker| Row::of(&maker.view, &maker.instrument, lang))
            .collect();
        Scene {
            title: self.title.clone(),
            clock: self.clock(),
            rows,
            footer: footer(&status, lang),
            notes: self.notes.iter().cloned().collect(),
            notes_total: self.notes_total,
        }
    }

    fn take_lines(&mut self, lang: Lang) {
        loop {
            match self.feed.lines.try_recv() {
                Ok(line) => self.note(said(&line)),
                Err(TryRecvError::Lagged(missed)) => {
                    let phrase = lang.pick("lines not shown", "行未显示");
                    self.note(Said {
                        time: String::new(),
                        severity: Severity::Debug,
                        text: format!("{missed} {phrase}"),
                    });
                }
                Err(TryRecvError::Empty | TryRecvError::Closed) => return,
            }
        }
    }

    fn note(&mut self, said: Said) {
        if said.severity == Severity::Debug {
            return;
        }
        if self.notes.len() == NOTES_KEPT {
            self.notes.pop_front();
        }
        self.notes.push_back(said);
        self.notes_total += 1;
    }

    fn clock(&self) -> String {
        let elapsed = self.started.elapsed();
        let running = match self.duration {
            Some(duration) => format!("{} / {}", minutes(elapsed), minutes(duration)),
            None => minutes(elapsed),
        };
        match self.stopping {
            Some(words) => format!("{running}  {words}"),
            None => running,
        }
    }
}

fn said(line: &Line) -> Said {
    let second = line.wall_ms.div_euclid(1_000).rem_euclid(86_400);
    let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
    Said {
        time: format!("{hour:02}:{minute:02}:{second:02}"),
        severity: line.severity,
        text: line.text.clone(),
    }
}

fn minutes(span: Duration) -> String {
    let seconds = span.as_secs();
    format!("{:02}:{:02}", seconds / 60, seconds % 60)
}

fn footer(status: &Status, lang: Lang) -> String {
    let mut parts = Vec::new();
    // A dry run without keys opens no private connections.
    for lane in status.lanes.iter().filter(|lane| lane.attempts > 0) {
        let name = match lane.kind {
            LaneKind::Public => "public",
            LaneKind::Market => "market",
            LaneKind::Private => "private",
            LaneKind::Entry => "entry",
        };
        parts.push(match (lane.up, lane.age_ms) {
            (true, Some(age)) => format!("{name} {age} ms"),
            (true, None) => format!("{name} ok"),
            (false, _) => format!("{name} {}", lang.pick("DOWN", "断开")),
        });
    }
    let (used, ceilings) = (status.budget.used, status.budget.ceilings);
    let weight = lang.pick("weight", "权重");
    let orders = lang.pick("orders/10s", "订单/10秒");
    parts.push(format!(
        "{weight} {}/{}",
        used.weight_1m, ceilings.weight_1m
    ));
    parts.push(format!(
        "{orders} {}/{}",
        used.orders_10s, ceilings.orders_10s
    ));
    if status.tick_to_order.count > 0 {
        let label = lang.pick("tick to order", "行情到下单");
        let us = |ns: u64| ns as f64 / 1e3;
        let (p50, p99) = (
            us(status.tick_to_order.p50_ns),
            us(status.tick_to_order.p99_ns),
        );
        parts.push(format!("{label} {p50:.1}/{p99:.1} µs"));
    }
    let unknown: u32 = status
        .makers
        .iter()
        .map(|maker| maker.view.unknown_orders)
        .sum();
    if unknown > 0 {
        parts.push(format!(
            "{} {unknown}",
            lang.pick("unknown orders", "结果未知的订单")
        ));
    }
    if status.dry_run {
        parts.push(lang.pick("dry run", "演练，不下单").to_string());
    }
    parts.join(" · ")
}
