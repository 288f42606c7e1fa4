//! HTTP in and out, and the handshake of WebSockets.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::{ConnectInfo, FromRequestParts, Request, State};
use axum::http::{HeaderName, HeaderValue, Response, StatusCode, header, request::Parts};
use axum::response::IntoResponse;
use axum::serve::ListenerExt;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::front::{HttpRequest, HttpResponse, Method};
use crate::serve::mail::Mailbox;
use crate::serve::{Shared, socket};

/// Longest body and longest client frame.
const BODY_BYTES_MAX: usize = 256 << 10;

/// Accepts connections until dropped.
pub(crate) async fn listen(listener: TcpListener, shared: Arc<Shared>) {
    let router = Router::new().fallback(answer).with_state(shared);
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    let listener = listener.tap_io(|stream| {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::warn!(%error, "cannot set TCP_NODELAY");
        }
    });
    if let Err(error) = axum::serve(listener, service).await {
        tracing::error!(%error, "the exchange stopped listening");
    }
}

async fn answer(
    State(shared): State<Arc<Shared>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    request: Request,
) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let upgrades = parts
        .headers
        .get(header::UPGRADE)
        .is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"websocket"));
    if upgrades {
        return upgrade(shared, peer, parts).await;
    }
    let Ok(raw_body) = to_bytes(body, BODY_BYTES_MAX).await else {
        return plain(StatusCode::PAYLOAD_TOO_LARGE);
    };
    let Some(method) = Method::parse(parts.method.as_str()) else {
        return plain(StatusCode::METHOD_NOT_ALLOWED);
    };
    let api_key = parts.headers.get("x-mbx-apikey");
    let request = HttpRequest {
        method,
        path: parts.uri.path().to_owned(),
        raw_query: parts.uri.query().unwrap_or_default().to_owned(),
        api_key: api_key.map(|key| String::from_utf8_lossy(key.as_bytes()).into_owned()),
        raw_body: raw_body.into(),
        peer: peer.ip(),
    };
    let (sender, receiver) = oneshot::channel();
    {
        let mut shell = shared.lock();
        let id = shell.front.http(shared.clock.now(), request);
        shell.waiting.insert(id, sender);
        shared.pump(&mut shell);
    }
    match receiver.await {
        Ok(response) => written(response),
        // Dropped unanswered: the exchange is going away.
        Err(_) => plain(StatusCode::SERVICE_UNAVAILABLE),
    }
}

async fn upgrade(shared: Arc<Shared>, peer: SocketAddr, mut parts: Parts) -> Response<Body> {
    let (path, query) = (parts.uri.path().to_owned(), parts.uri.query());
    let query = query.unwrap_or_default().to_owned();
    let upgrade = match WebSocketUpgrade::from_request_parts(&mut parts, &()).await {
        Ok(upgrade) => upgrade,
        Err(rejection) => return rejection.into_response(),
    };
    let (conn, arrived) = {
        let mut shell = shared.lock();
        let now = shared.clock.now();
        let conn = match shell.front.ws_open(now, &path, &query, peer.ip()) {
            Ok(conn) => conn,
            Err(refusal) => return written(refusal),
        };
        let mailbox = Mailbox::default();
        let arrived = mailbox.arrived();
        shell.mail.insert(conn, mailbox);
        shared.pump(&mut shell);
        (conn, arrived)
    };
    let failed = Arc::clone(&shared);
    upgrade
        .max_message_size(BODY_BYTES_MAX)
        .on_failed_upgrade(move |error| {
            tracing::debug!(%error, "handshake failed");
            socket::forget(&failed, conn);
        })
        .on_upgrade(move |socket| socket::run(shared, conn, arrived, socket))
}

fn written(response: HttpResponse) -> Response<Body> {
    let is_json = response.body.starts_with(['{', '[']);
    let mut out = Response::new(Body::from(response.body));
    *out.status_mut() =
        StatusCode::from_u16(response.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let kind = if is_json {
        "application/json;charset=UTF-8"
    } else {
        "text/html"
    };
    let headers = out.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    for (name, value) in response.headers {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
    out
}

fn plain(status: StatusCode) -> Response<Body> {
    status.into_response()
}
