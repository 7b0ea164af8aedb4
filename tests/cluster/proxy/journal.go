package proxy

import (
	"net/http"
	"regexp"
	"strconv"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apiserver/pkg/endpoints/request"
)

// journalSize bounds memory: the oldest requests are forgotten, and counted as forgotten.
const journalSize = 200_000

// Record is one request that came to the proxy.
type Record struct {
	Sequence    int64  `json:"sequence"` // from 1, in order of arrival
	Verb        string `json:"verb"`     // get list watch create update patch delete deletecollection
	Resource    string `json:"resource"` // "deployments.apps", "pods"; "" for a path that is no resource
	Subresource string `json:"subresource,omitempty"`
	Namespace   string `json:"namespace,omitempty"`
	Name        string `json:"name,omitempty"`
	Method      string `json:"method"`
	Path        string `json:"path"` // with the query
	Protocol    string `json:"protocol"`
	Rule        string `json:"rule,omitempty"` // the rule that it met
	Status      int    `json:"status"`         // of the answer to the client; 0 while there is none
	Bytes       int64  `json:"bytes"`          // of the answer's body, so far
	StartedUS   int64  `json:"startedUs"`      // microseconds since 1970
	DurationUS  int64  `json:"durationUs"`     // 0 while it is in flight

	cancel func()
}

var requestInfo = request.RequestInfoFactory{
	APIPrefixes: sets.NewString("api", "apis"), GrouplessAPIPrefixes: sets.NewString("api")}

func newRecord(r *http.Request) *Record {
	record := &Record{Method: r.Method, Path: r.URL.RequestURI(), Protocol: r.Proto, Verb: r.Method,
		StartedUS: time.Now().UnixMicro()}
	if info, err := requestInfo.NewRequestInfo(r); err == nil {
		record.Verb = info.Verb
		if info.IsResourceRequest {
			record.Resource, record.Subresource = info.Resource, info.Subresource
			if info.APIGroup != "" {
				record.Resource += "." + info.APIGroup
			}
			record.Namespace, record.Name = info.Namespace, info.Name
		}
	}
	return record
}

// journal keeps what came. Records change under its mutex only. Safe for concurrent use.
type journal struct {
	mutex     sync.Mutex
	records   []*Record
	forgotten int64
	last      int64
	inFlight  map[*Record]bool
	peak      int
}

func (j *journal) start(record *Record, cancel func()) {
	j.mutex.Lock()
	defer j.mutex.Unlock()
	j.last++
	record.Sequence, record.cancel = j.last, cancel
	if len(j.records) >= journalSize {
		half := len(j.records) / 2
		j.forgotten += int64(half)
		j.records = append([]*Record(nil), j.records[half:]...)
	}
	j.records = append(j.records, record)
	j.inFlight[record] = true
	j.peak = max(j.peak, len(j.inFlight))
}

func (j *journal) change(record *Record, what func()) {
	j.mutex.Lock()
	defer j.mutex.Unlock()
	what()
}

func (j *journal) end(record *Record) {
	j.change(record, func() {
		record.DurationUS = max(time.Now().UnixMicro()-record.StartedUS, 1)
		delete(j.inFlight, record)
	})
}

func (j *journal) clear() {
	j.mutex.Lock()
	defer j.mutex.Unlock()
	j.records, j.forgotten, j.peak = nil, 0, len(j.inFlight)
}

// filter chooses records by the query of a control request.
type filter struct {
	verb, resource, namespace string
	method, path              *regexp.Regexp
	since                     int64
}

func parseFilter(r *http.Request) (f filter, err error) {
	query := r.URL.Query()
	f.verb, f.resource, f.namespace = query.Get("verb"), query.Get("resource"), query.Get("namespace")
	if f.method, err = regexp.Compile("^(?:" + query.Get("method") + ")$"); err != nil {
		return f, err
	}
	if query.Get("method") == "" {
		f.method = regexp.MustCompile("")
	}
	if f.path, err = regexp.Compile(query.Get("path")); err != nil {
		return f, err
	}
	if text := query.Get("since"); text != "" {
		f.since, err = strconv.ParseInt(text, 10, 64)
	}
	return f, err
}

func (f filter) takes(r *Record) bool {
	return r.Sequence > f.since && (f.verb == "" || f.verb == r.Verb) && (f.resource == "" || f.resource == r.Resource) &&
		(f.namespace == "" || f.namespace == r.Namespace) && f.method.MatchString(r.Method) && f.path.MatchString(r.Path)
}

// view is what the control endpoint says about the journal.
type view struct {
	Count     int64            `json:"count"`
	Counts    map[string]int64 `json:"counts"` // by "verb resource" or "verb resource/subresource"
	Bytes     int64            `json:"bytes"`
	Last      int64            `json:"last"`     // the newest sequence of all: `since` of a later question
	InFlight  int              `json:"inFlight"` // of all requests
	Peak      int              `json:"peak"`     // most requests in flight at once
	Forgotten int64            `json:"forgotten"`
	Requests  []Record         `json:"requests"` // the newest, at most `limit`
}

func (j *journal) view(f filter, limit int) view {
	j.mutex.Lock()
	defer j.mutex.Unlock()
	out := view{Counts: map[string]int64{}, Last: j.last, InFlight: len(j.inFlight), Peak: j.peak, Forgotten: j.forgotten,
		Requests: []Record{}}
	for _, record := range j.records {
		if !f.takes(record) {
			continue
		}
		out.Count++
		out.Bytes += record.Bytes
		key := record.Verb + " " + record.Resource
		if record.Subresource != "" {
			key += "/" + record.Subresource
		}
		out.Counts[key]++
		out.Requests = append(out.Requests, *record)
	}
	out.Requests = out.Requests[max(len(out.Requests)-limit, 0):]
	return out
}

// interrupt ends requests in flight, and says how many.
func (j *journal) interrupt(f filter) int {
	j.mutex.Lock()
	defer j.mutex.Unlock()
	ended := 0
	for record := range j.inFlight {
		if f.takes(record) {
			record.cancel()
			ended++
		}
	}
	return ended
}
