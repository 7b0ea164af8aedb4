package proxy

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"regexp"
	"sync"
	"time"
)

// Rule says what happens to matching requests. One request meets the first rule that matches and is not used up.
type Rule struct {
	Name string `json:"name,omitempty"`

	// Which requests: all that are given must match.
	Verb   string `json:"verb,omitempty"`   // Kubernetes' verb: get list watch create update patch delete deletecollection
	Method string `json:"method,omitempty"` // regular expression on the HTTP method
	Path   string `json:"path,omitempty"`   // regular expression on path?query

	Skip   int     `json:"skip,omitempty"`   // the first matches pass
	Times  int     `json:"times,omitempty"`  // this many meet the rule, then all pass; 0: always
	Chance float64 `json:"chance,omitempty"` // share of the matches, by the proxy's seed; 0: all

	// What happens: the delay, and then at most one of the others.
	Delay  Duration `json:"delay,omitempty"`
	Answer *Answer  `json:"answer,omitempty"` // the server is not asked
	Drop   Moment   `json:"drop,omitempty"`   // the whole connection is closed
	Reset  Moment   `json:"reset,omitempty"`  // only this request is broken off (HTTP/1: its connection)
	Cut    *int     `json:"cut,omitempty"`    // the server's answer breaks off after so many bytes
	Expire bool     `json:"expire,omitempty"` // a watch: an ERROR event 410 "Expired", then its end; others: 410

	Matched int `json:"matched"` // output: requests that matched while the rule could be used
	Used    int `json:"used"`    // output: requests that met the rule

	method, path *regexp.Regexp
}

// Answer is given in the server's place. Without a body it is a Kubernetes Status of the code.
type Answer struct {
	Status  int               `json:"status"`
	Body    string            `json:"body,omitempty"`
	Headers map[string]string `json:"headers,omitempty"`
}

// Moment is when a connection breaks: before the server is asked, or after it did what it was asked for.
type Moment string

const (
	before Moment = "before"
	after  Moment = "after"
)

// Duration is "200ms" in JSON.
type Duration time.Duration

func (d *Duration) UnmarshalJSON(data []byte) error {
	var text string
	if err := json.Unmarshal(data, &text); err != nil {
		return err
	}
	value, err := time.ParseDuration(text)
	*d = Duration(value)
	return err
}

func (d Duration) MarshalJSON() ([]byte, error) { return json.Marshal(time.Duration(d).String()) }

func (r *Rule) prepare() (err error) {
	if r.method, err = regexp.Compile("^(?:" + r.Method + ")$"); err != nil {
		return fmt.Errorf("method: %w", err)
	}
	if r.path, err = regexp.Compile(r.Path); err != nil {
		return fmt.Errorf("path: %w", err)
	}
	faults := 0
	for _, given := range []bool{r.Answer != nil, r.Drop != "", r.Reset != "", r.Cut != nil, r.Expire} {
		if given {
			faults++
		}
	}
	if faults > 1 {
		return fmt.Errorf("a rule has one of answer, drop, reset, cut, expire")
	}
	for _, moment := range []Moment{r.Drop, r.Reset} {
		if moment != "" && moment != before && moment != after {
			return fmt.Errorf("a connection breaks \"before\" or \"after\", not %q", moment)
		}
	}
	if r.Answer != nil && (r.Answer.Status < 200 || r.Answer.Status > 599) {
		return fmt.Errorf("answer.status must be 200 to 599")
	}
	return nil
}

func (r *Rule) matches(request *Record) bool {
	return (r.Verb == "" || r.Verb == request.Verb) && (r.Method == "" || r.method.MatchString(request.Method)) &&
		r.path.MatchString(request.Path)
}

// rules are the rules in force. Safe for concurrent use.
type rules struct {
	mutex  sync.Mutex
	list   []*Rule
	random *rand.Rand
}

// parseRules takes one rule or a list of rules.
func parseRules(data []byte) ([]*Rule, error) {
	var list []*Rule
	if err := json.Unmarshal(data, &list); err != nil {
		var one Rule
		if json.Unmarshal(data, &one) != nil {
			return nil, err
		}
		list = []*Rule{&one}
	}
	for _, rule := range list {
		if err := rule.prepare(); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// add puts rules behind those in force, or in their place.
func (r *rules) add(list []*Rule, replace bool) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if replace {
		r.list = nil
	}
	r.list = append(r.list, list...)
}

func (r *rules) snapshot() []Rule {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	out := []Rule{}
	for _, rule := range r.list {
		out = append(out, *rule)
	}
	return out
}

// take finds what happens to a request and counts it; the zero rule lets it pass.
func (r *rules) take(request *Record) Rule {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	for _, rule := range r.list {
		if !rule.matches(request) || (rule.Times > 0 && rule.Used >= rule.Times) {
			continue
		}
		rule.Matched++
		if rule.Matched <= rule.Skip || (rule.Chance > 0 && r.random.Float64() >= rule.Chance) {
			continue
		}
		rule.Used++
		return *rule
	}
	return Rule{}
}
