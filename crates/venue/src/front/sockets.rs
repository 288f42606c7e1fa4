//! Open WebSocket connections: what each listens to, and how long it lives.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use phoenix_domain::SymbolId;

use crate::front::Outgoing;
use crate::front::control::{Control, STREAMS_MAX};
use crate::front::json::Json;
use crate::front::spec::Lifetimes;
use crate::front::topic::{Route, Topic};

/// More client messages than this in one second end the connection.
const MESSAGES_PER_SECOND_MAX: u32 = 10;

/// Number of a connection; never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnId(pub u64);

/// A connection's own state.
#[derive(Debug)]
pub(crate) struct Socket {
    /// What it was opened for.
    pub(crate) kind: Kind,
    /// Who opened it.
    pub(crate) peer: IpAddr,
    /// When it was opened.
    pub(crate) opened_ms: i64,
    /// Frames sent so far must not be overtaken by later ones.
    pub(crate) sent_until_ns: u64,
    /// Nor requests taken by later ones.
    pub(crate) taken_until_ns: u64,
    heard_ms: i64,
    next_ping_ms: i64,
    second: i64,
    messages: u32,
}

/// The two kinds of connection.
#[derive(Debug)]
pub(crate) enum Kind {
    /// Streams of one route.
    Streams(StreamSocket),
    /// The WebSocket API.
    Api(Session),
}

/// What a stream connection listens to.
#[derive(Debug)]
pub(crate) struct StreamSocket {
    route: Route,
    /// Frames are wrapped as `{"stream":…,"data":…}`.
    combined: bool,
    names: Vec<Arc<str>>,
    /// Listen keys given in the URL, with the events wanted.
    listens: Vec<Listen>,
}

#[derive(Debug)]
struct Listen {
    key: String,
    events: Option<Vec<String>>,
}

/// A WebSocket API connection.
#[derive(Clone, Debug, Default)]
pub(crate) struct Session {
    /// Key logged on with, and since when.
    pub(crate) logged_on: Option<(String, i64)>,
    /// Replies carry `rateLimits` unless the URL says not to.
    pub(crate) hides_limits: bool,
}

#[derive(Clone, Debug)]
struct Subscriber {
    conn: ConnId,
    name: Arc<str>,
    combined: bool,
}

/// All open connections.
#[derive(Debug)]
pub(crate) struct Sockets {
    lifetimes: Lifetimes,
    opened: u64,
    open: BTreeMap<ConnId, Socket>,
    /// Who hears what. Names on the wrong route are not in here: they are
    /// acknowledged and silent.
    index: BTreeMap<Topic, Vec<Subscriber>>,
    ticks_at_ms: i64,
}

impl Sockets {
    pub(crate) fn new(lifetimes: Lifetimes) -> Self {
        Self {
            lifetimes,
            opened: 0,
            open: BTreeMap::new(),
            index: BTreeMap::new(),
            ticks_at_ms: i64::MAX,
        }
    }

    /// Accepts a connection.
    pub(crate) fn accept(&mut self, kind: Kind, peer: IpAddr, now_ms: i64) -> ConnId {
        self.opened += 1;
        let conn = ConnId(self.opened);
        let next_ping_ms = now_ms + self.lifetimes.ping_every_ms;
        self.open.insert(
            conn,
            Socket {
                kind,
                peer,
                opened_ms: now_ms,
                sent_until_ns: 0,
                taken_until_ns: 0,
                heard_ms: now_ms,
                next_ping_ms,
                second: 0,
                messages: 0,
            },
        );
        let close_ms = now_ms + self.lifetimes.socket_ms.min(self.lifetimes.pong_within_ms);
        self.ticks_at_ms = self.ticks_at_ms.min(next_ping_ms).min(close_ms);
        conn
    }

    pub(crate) fn get(&self, conn: ConnId) -> Option<&Socket> {
        self.open.get(&conn)
    }

    pub(crate) fn get_mut(&mut self, conn: ConnId) -> Option<&mut Socket> {
        self.open.get_mut(&conn)
    }

    /// How many are open.
    pub(crate) fn len(&self) -> usize {
        self.open.len()
    }

    /// Forgets a connection; true if it was there.
    pub(crate) fn remove(&mut self, conn: ConnId) -> bool {
        self.index.retain(|_, subscribers| {
            subscribers.retain(|subscriber| subscriber.conn != conn);
            !subscribers.is_empty()
        });
        self.open.remove(&conn).is_some()
    }

    /// Numbers of all connections, oldest first.
    pub(crate) fn ids(&self) -> Vec<ConnId> {
        self.open.keys().copied().collect()
    }

    /// Counts a client message; false when it is one too many.
    pub(crate) fn heard(&mut self, conn: ConnId, now_ms: i64, answers_ping: bool) -> bool {
        let Some(socket) = self.open.get_mut(&conn) else {
            return true;
        };
        if answers_ping {
            socket.heard_ms = now_ms;
        }
        let second = now_ms.div_euclid(1_000);
        if socket.second != second {
            socket.second = second;
            socket.messages = 0;
        }
        socket.messages += 1;
        match socket.kind {
            Kind::Streams(_) => socket.messages <= MESSAGES_PER_SECOND_MAX,
            // The order and weight limits hold there.
            Kind::Api(_) => true,
        }
    }

    /// Carries out a control request and returns the reply.
    pub(crate) fn control(
        &mut self,
        conn: ConnId,
        id: &str,
        control: &Control,
        listed: impl Fn(&str) -> Option<SymbolId>,
    ) -> Option<String> {
        let socket = self.open.get_mut(&conn)?;
        let Kind::Streams(streams) = &mut socket.kind else {
            return None;
        };
        let mut json = Json::new();
        json.open();
        match control {
            Control::Subscribe(names) => {
                for name in names {
                    streams.add(name);
                }
                json.null("result");
            }
            Control::Unsubscribe(names) => {
                streams.remove(names);
                json.null("result");
            }
            Control::List => {
                json.key("result").open_list();
                for name in &streams.names {
                    json.quote(name);
                }
                json.close_list();
            }
            Control::SetCombined(combined) => {
                streams.combined = *combined;
                json.null("result");
            }
            Control::GetCombined => {
                json.flag("result", streams.combined);
            }
        }
        json.number("id", id).close();
        self.reindex(conn, listed);
        Some(json.finish())
    }

    /// Brings the index up to date with one connection's streams.
    pub(crate) fn reindex(&mut self, conn: ConnId, listed: impl Fn(&str) -> Option<SymbolId>) {
        self.index.retain(|_, subscribers| {
            subscribers.retain(|subscriber| subscriber.conn != conn);
            !subscribers.is_empty()
        });
        let Some(Socket {
            kind: Kind::Streams(streams),
            ..
        }) = self.open.get(&conn)
        else {
            return;
        };
        for name in &streams.names {
            let Some(topic) = Topic::parse(name, &listed) else {
                continue;
            };
            if streams.route.carries(topic.feed) {
                self.index.entry(topic).or_default().push(Subscriber {
                    conn,
                    name: Arc::clone(name),
                    combined: streams.combined,
                });
            }
        }
    }

    /// True if anybody hears this.
    pub(crate) fn wants(&self, topic: Topic) -> bool {
        self.index.contains_key(&topic)
    }

    /// Every topic somebody hears.
    pub(crate) fn topics(&self) -> impl Iterator<Item = Topic> {
        self.index.keys().copied()
    }

    /// Makes the frames that carry `payload` to each subscriber of a topic.
    pub(crate) fn frames(&self, topic: Topic, payload: String, out: &mut Vec<(ConnId, Arc<str>)>) {
        let Some(subscribers) = self.index.get(&topic) else {
            return;
        };
        let raw: Arc<str> = payload.into();
        let mut wrapped: Option<(&Arc<str>, Arc<str>)> = None;
        for subscriber in subscribers {
            if !subscriber.combined {
                out.push((subscriber.conn, Arc::clone(&raw)));
                continue;
            }
            let text = match &wrapped {
                Some((name, text)) if *name == &subscriber.name => Arc::clone(text),
                _ => {
                    let text: Arc<str> = wrap(&subscriber.name, &raw).into();
                    wrapped = Some((&subscriber.name, Arc::clone(&text)));
                    text
                }
            };
            out.push((subscriber.conn, text));
        }
    }

    /// Makes the frames that carry a user event to whoever listens with
    /// `key`. Without `events=` in the URL everything is sent, unless
    /// `events_required`.
    pub(crate) fn user_frames(
        &self,
        key: &str,
        event: &str,
        payload: String,
        events_required: bool,
        out: &mut Vec<(ConnId, Arc<str>)>,
    ) {
        let raw: Arc<str> = payload.into();
        for (conn, socket) in &self.open {
            let Kind::Streams(streams) = &socket.kind else {
                continue;
            };
            if streams.hears(key, event, events_required) {
                let text = if streams.combined {
                    wrap(key, &raw).into()
                } else {
                    Arc::clone(&raw)
                };
                out.push((*conn, text));
            }
        }
    }

    /// PINGs that are due and connections whose time is up.
    pub(crate) fn tick(&mut self, now_ms: i64, out: &mut Vec<Outgoing>) {
        if now_ms < self.ticks_at_ms {
            return;
        }
        let lifetimes = self.lifetimes;
        let mut next = i64::MAX;
        for (conn, socket) in &mut self.open {
            let close_ms = socket.opened_ms + lifetimes.socket_ms;
            let silent_ms = socket.heard_ms + lifetimes.pong_within_ms;
            if now_ms >= close_ms {
                out.push(Outgoing::close(*conn, 1001, "connection lifetime reached"));
                continue;
            }
            if now_ms >= silent_ms {
                out.push(Outgoing::close(*conn, 1008, "Pong timeout"));
                continue;
            }
            if now_ms >= socket.next_ping_ms {
                socket.next_ping_ms = now_ms + lifetimes.ping_every_ms;
                let payload = now_ms.to_string();
                out.push(Outgoing::Ping {
                    conn: *conn,
                    payload,
                });
            }
            next = next.min(close_ms).min(silent_ms).min(socket.next_ping_ms);
        }
        self.ticks_at_ms = next;
    }

    /// When [`Sockets::tick`] has something to do.
    pub(crate) fn next_tick_ms(&self) -> Option<i64> {
        (!self.open.is_empty() && self.ticks_at_ms != i64::MAX).then_some(self.ticks_at_ms)
    }
}

impl StreamSocket {
    /// Reads what a stream URL asks for; `None` for a path that is no stream
    /// path.
    pub(crate) fn from_url(path: &str, raw_query: &str) -> Option<Self> {
        let mut segments = path.split('/').filter(|segment| !segment.is_empty());
        let mut mode = segments.next()?;
        let route = match mode {
            "public" => Route::Public,
            "market" => Route::Market,
            "private" => Route::Private,
            _ => Route::Unrouted,
        };
        if route != Route::Unrouted {
            mode = segments.next()?;
        }
        let combined = match mode {
            "ws" => false,
            "stream" => true,
            _ => return None,
        };
        let mut streams = Self {
            route,
            combined,
            names: Vec::new(),
            listens: Vec::new(),
        };
        if !combined {
            for name in segments {
                streams.add(name);
            }
        }
        streams.read_query(raw_query);
        Some(streams)
    }

    fn read_query(&mut self, raw_query: &str) {
        for (name, text) in url::form_urlencoded::parse(raw_query.as_bytes()) {
            match name.as_ref() {
                "streams" if self.combined => {
                    for stream in text.split('/').filter(|stream| !stream.is_empty()) {
                        self.add(stream);
                    }
                }
                "listenKey" if self.route == Route::Private => self.listens.push(Listen {
                    key: text.into_owned(),
                    events: None,
                }),
                "events" => {
                    if let Some(listen) = self.listens.last_mut() {
                        listen.events = Some(text.split('/').map(str::to_owned).collect());
                    }
                }
                _ => {}
            }
        }
    }

    fn add(&mut self, name: &str) {
        let known = self.names.iter().any(|known| &**known == name);
        if !known && self.names.len() < STREAMS_MAX {
            self.names.push(name.into());
        }
    }

    fn remove(&mut self, names: &[String]) {
        self.names
            .retain(|known| !names.iter().any(|name| **name == **known));
    }

    fn hears(&self, key: &str, event: &str, events_required: bool) -> bool {
        if self.route != Route::Private {
            return false;
        }
        // A listen key in the path or in SUBSCRIBE is a stream name.
        if self.names.iter().any(|name| &**name == key) {
            return true;
        }
        self.listens
            .iter()
            .filter(|listen| listen.key == key)
            .any(|listen| match &listen.events {
                Some(events) => events.iter().any(|wanted| wanted == event),
                None => !events_required,
            })
    }
}

fn wrap(stream: &str, payload: &str) -> String {
    let mut text = String::with_capacity(payload.len() + stream.len() + 24);
    text.push_str("{\"stream\":\"");
    text.push_str(stream);
    text.push_str("\",\"data\":");
    text.push_str(payload);
    text.push('}');
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    const PEER: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

    fn listed(symbol: &str) -> Option<SymbolId> {
        (symbol == "ETHUSDC").then_some(SymbolId(0))
    }

    fn open(sockets: &mut Sockets, path: &str, query: &str) -> ConnId {
        let streams = StreamSocket::from_url(path, query).expect(path);
        let conn = sockets.accept(Kind::Streams(streams), PEER, 0);
        sockets.reindex(conn, listed);
        conn
    }

    fn heard(sockets: &Sockets, name: &str) -> Vec<(ConnId, String)> {
        let topic = Topic::parse(name, listed).expect(name);
        let mut frames = Vec::new();
        sockets.frames(topic, "{}".to_owned(), &mut frames);
        frames
            .into_iter()
            .map(|(conn, text)| (conn, text.to_string()))
            .collect()
    }

    #[test]
    fn routes_forms_and_wrapping() {
        let mut sockets = Sockets::new(Lifetimes::default());
        let raw = open(&mut sockets, "/public/ws/ethusdc@depth", "");
        let wrapped = open(
            &mut sockets,
            "/public/stream",
            "streams=ethusdc@depth/ethusdc@aggTrade",
        );
        let old = open(&mut sockets, "/ws/ethusdc@depth/ethusdc@aggTrade", "");
        assert_eq!(
            heard(&sockets, "ethusdc@depth"),
            [
                (raw, "{}".to_owned()),
                (
                    wrapped,
                    r#"{"stream":"ethusdc@depth","data":{}}"#.to_owned()
                ),
                (old, "{}".to_owned()),
            ]
        );
        assert_eq!(heard(&sockets, "ethusdc@aggTrade"), []);
        assert!(sockets.remove(raw));
        assert!(!sockets.remove(raw));
        assert_eq!(heard(&sockets, "ethusdc@depth").len(), 2);
        assert!(StreamSocket::from_url("/public/other", "").is_none());
    }

    #[test]
    fn subscriptions_change_while_open() {
        let mut sockets = Sockets::new(Lifetimes::default());
        let conn = open(&mut sockets, "/market/ws", "");
        let names = vec!["ethusdc@aggTrade".to_owned(), "ethusdc@depth".to_owned()];
        let mut ask = |control: &Control| sockets.control(conn, "9", control, listed);
        let done = Some(r#"{"result":null,"id":9}"#.to_owned());
        assert_eq!(ask(&Control::Subscribe(names.clone())), done);
        assert_eq!(
            ask(&Control::List).expect("a list"),
            r#"{"result":["ethusdc@aggTrade","ethusdc@depth"],"id":9}"#
        );
        assert_eq!(ask(&Control::SetCombined(true)), done);
        assert_eq!(
            ask(&Control::GetCombined).expect("a flag"),
            r#"{"result":true,"id":9}"#
        );
        assert_eq!(heard(&sockets, "ethusdc@aggTrade").len(), 1);
        assert_eq!(heard(&sockets, "ethusdc@depth").len(), 0);
        sockets.control(conn, "9", &Control::Unsubscribe(names), listed);
        assert_eq!(heard(&sockets, "ethusdc@aggTrade").len(), 0);
    }

    #[test]
    fn user_streams_in_every_form() {
        let mut sockets = Sockets::new(Lifetimes::default());
        let path = open(&mut sockets, "/private/ws/KEY", "");
        let query = open(
            &mut sockets,
            "/private/ws",
            "listenKey=KEY&events=TRADE_LITE/A",
        );
        let bare = open(&mut sockets, "/private/stream", "listenKey=KEY");
        open(&mut sockets, "/ws/KEY", "");
        let ears = |event: &str, strict: bool| {
            let mut frames = Vec::new();
            sockets.user_frames("KEY", event, "{}".to_owned(), strict, &mut frames);
            frames.into_iter().map(|(conn, _)| conn).collect::<Vec<_>>()
        };
        assert_eq!(ears("TRADE_LITE", false), [path, query, bare]);
        assert_eq!(ears("ACCOUNT_UPDATE", false), [path, bare]);
        assert_eq!(ears("TRADE_LITE", true), [path, query]);
    }

    #[test]
    fn sockets_are_pinged_and_end() {
        let mut sockets = Sockets::new(Lifetimes::default());
        let conn = open(&mut sockets, "/public/ws", "");
        let mut out = Vec::new();
        assert_eq!(sockets.next_tick_ms(), Some(180_000));
        sockets.tick(180_000, &mut out);
        assert!(matches!(out.as_slice(), [Outgoing::Ping { .. }]));
        sockets.heard(conn, 180_050, true);
        out.clear();
        sockets.tick(700_000, &mut out);
        assert!(matches!(out.as_slice(), [Outgoing::Ping { .. }]));
        out.clear();
        sockets.tick(780_050, &mut out);
        assert!(matches!(
            out.as_slice(),
            [Outgoing::Close { code: 1008, .. }]
        ));
        for _ in 0..MESSAGES_PER_SECOND_MAX {
            assert!(sockets.heard(conn, 781_000, false));
        }
        assert!(!sockets.heard(conn, 781_000, false));
    }
}
