package proxy

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httputil"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// proxy passes requests on to the API server, with the faults of its rules, and writes down what came.
type proxy struct {
	rules   *rules
	journal *journal
	forward *httputil.ReverseProxy
}

type connectionKey struct{}

// withConnection lets a handler close the connection that its request came on.
func withConnection(ctx context.Context, connection net.Conn) context.Context {
	return context.WithValue(ctx, connectionKey{}, connection)
}

func (p *proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	record := newRecord(r)
	p.journal.start(record, cancel)
	defer p.journal.end(record)

	rule := p.rules.take(record)
	if rule.Used > 0 {
		p.journal.change(record, func() { record.Rule = rule.Name })
	}
	if rule.Delay > 0 {
		select {
		case <-time.After(time.Duration(rule.Delay)):
		case <-ctx.Done():
			panic(http.ErrAbortHandler)
		}
	}
	answer := &answerWriter{ResponseWriter: w, proxy: p, record: record, cut: -1}
	switch {
	case rule.Answer != nil:
		writeAnswer(answer, *rule.Answer)
		return
	case rule.Expire:
		writeExpired(answer, record.Verb == "watch")
		return
	case rule.Drop == before || rule.Reset == before:
		breakOff(r, rule.Drop == before)
	case rule.Drop == after || rule.Reset == after:
		p.forward.ServeHTTP(discard{http.Header{}}, r.WithContext(ctx))
		breakOff(r, rule.Drop == after)
	case rule.Cut != nil:
		answer.cut = *rule.Cut
	}
	p.forward.ServeHTTP(answer, r.WithContext(ctx))
	if answer.cut >= 0 || ctx.Err() != nil { // the answer was shorter than the cut, or somebody interrupted it
		answer.Flush()
		panic(http.ErrAbortHandler)
	}
}

// breakOff ends the request without an answer. It does not return.
func breakOff(r *http.Request, whole bool) {
	if connection, ok := r.Context().Value(connectionKey{}).(net.Conn); ok && whole {
		_ = connection.Close()
	}
	panic(http.ErrAbortHandler)
}

func writeAnswer(w http.ResponseWriter, answer Answer) {
	body := answer.Body
	w.Header().Set("Content-Type", "application/json")
	for name, value := range answer.Headers {
		w.Header().Set(name, value)
	}
	if body == "" && answer.Status >= 400 {
		body = statusOf(answer.Status, "injected by the test's proxy")
	}
	w.WriteHeader(answer.Status)
	_, _ = w.Write([]byte(body))
}

// writeExpired is what a server says whose history no longer reaches back to the asked resource version.
func writeExpired(w http.ResponseWriter, watch bool) {
	const message = "too old resource version: 1 (2)"
	if !watch {
		writeAnswer(w, Answer{Status: http.StatusGone, Body: statusOf(http.StatusGone, message)})
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = fmt.Fprintf(w, `{"type":"ERROR","object":%s}`+"\n", statusOf(http.StatusGone, message))
}

var reasons = map[int]metav1.StatusReason{
	400: metav1.StatusReasonBadRequest, 401: metav1.StatusReasonUnauthorized, 403: metav1.StatusReasonForbidden,
	404: metav1.StatusReasonNotFound, 405: metav1.StatusReasonMethodNotAllowed, 409: metav1.StatusReasonConflict,
	410: metav1.StatusReasonExpired, 413: metav1.StatusReasonRequestEntityTooLarge, 422: metav1.StatusReasonInvalid,
	429: metav1.StatusReasonTooManyRequests, 500: metav1.StatusReasonInternalError,
	503: metav1.StatusReasonServiceUnavailable, 504: metav1.StatusReasonTimeout,
}

func statusOf(code int, message string) string {
	text, _ := json.Marshal(metav1.Status{TypeMeta: metav1.TypeMeta{Kind: "Status", APIVersion: "v1"},
		Status: metav1.StatusFailure, Message: message, Reason: reasons[code], Code: int32(code)})
	return string(text)
}

// answerWriter counts the answer, and breaks it off where the rule says so.
type answerWriter struct {
	http.ResponseWriter
	proxy  *proxy
	record *Record
	cut    int // bytes until the answer breaks off; -1: never
}

func (a *answerWriter) WriteHeader(status int) {
	a.proxy.journal.change(a.record, func() { a.record.Status = status })
	a.ResponseWriter.WriteHeader(status)
}

func (a *answerWriter) Write(data []byte) (int, error) {
	if a.cut >= 0 && len(data) > a.cut {
		n, _ := a.ResponseWriter.Write(data[:a.cut])
		a.count(n)
		a.Flush()
		panic(http.ErrAbortHandler)
	}
	n, err := a.ResponseWriter.Write(data)
	if a.cut >= 0 {
		a.cut -= n
	}
	a.count(n)
	return n, err
}

func (a *answerWriter) count(n int) {
	a.proxy.journal.change(a.record, func() {
		a.record.Bytes += int64(n)
		if a.record.Status == 0 {
			a.record.Status = http.StatusOK
		}
	})
}

func (a *answerWriter) Flush() { a.ResponseWriter.(http.Flusher).Flush() }

// Unwrap lets http.ResponseController through, which upgrades need.
func (a *answerWriter) Unwrap() http.ResponseWriter { return a.ResponseWriter }

// discard is where an answer goes that the client never sees.
type discard struct{ header http.Header }

func (d discard) Header() http.Header            { return d.header }
func (d discard) Write(data []byte) (int, error) { return len(data), nil }
func (d discard) WriteHeader(int)                {}
