package proxy

import (
	"encoding/json"
	"io"
	"net/http"
	"strconv"
)

// controlHandler is the proxy's own endpoint, apart from the API server's paths:
//
//	GET, POST, PUT, DELETE /rules     shows, adds, replaces, removes rules
//	GET, DELETE /requests             shows (verb, resource, namespace, method, path, since, limit), forgets what came
//	POST /interrupt                   ends requests in flight (same filter)
func (p *proxy) controlHandler() http.Handler {
	mux := http.NewServeMux()
	put := func(replace bool) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			body, err := io.ReadAll(io.LimitReader(r.Body, 16<<20))
			if err == nil {
				var list []*Rule
				if list, err = parseRules(body); err == nil {
					p.rules.add(list, replace)
				}
			}
			reply(w, p.rules.snapshot(), err)
		}
	}
	mux.HandleFunc("GET /rules", func(w http.ResponseWriter, _ *http.Request) { reply(w, p.rules.snapshot(), nil) })
	mux.HandleFunc("POST /rules", put(false))
	mux.HandleFunc("PUT /rules", put(true))
	mux.HandleFunc("DELETE /rules", func(w http.ResponseWriter, _ *http.Request) {
		p.rules.add(nil, true)
		reply(w, p.rules.snapshot(), nil)
	})
	mux.HandleFunc("GET /requests", func(w http.ResponseWriter, r *http.Request) {
		f, err := parseFilter(r)
		limit, limitErr := strconv.Atoi(r.URL.Query().Get("limit"))
		if limitErr != nil {
			limit = 1000
		}
		reply(w, p.journal.view(f, limit), err)
	})
	mux.HandleFunc("DELETE /requests", func(w http.ResponseWriter, _ *http.Request) {
		p.journal.clear()
		reply(w, struct{}{}, nil)
	})
	mux.HandleFunc("POST /interrupt", func(w http.ResponseWriter, r *http.Request) {
		f, err := parseFilter(r)
		ended := 0
		if err == nil {
			ended = p.journal.interrupt(f)
		}
		reply(w, map[string]int{"ended": ended}, err)
	})
	return mux
}

func reply(w http.ResponseWriter, value any, err error) {
	w.Header().Set("Content-Type", "application/json")
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		value = map[string]string{"error": err.Error()}
	}
	_ = json.NewEncoder(w).Encode(value)
}
