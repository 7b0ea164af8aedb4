// Package proxy is a reverse proxy in front of the API server that injects faults and counts requests, for tests.
package proxy

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	crand "crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"errors"
	"io"
	"log"
	"math/big"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"
	"k8s.io/client-go/tools/clientcmd"
)

type options struct {
	kubeconfig string // whose server is the one behind
	out        string // the same kubeconfig, but by way of the proxy
	plain      bool   // HTTP towards the client instead of TLS
	seed       uint64
	owner      int
}

// NewCommand is `cluster proxy`. Once it listens it prints one line of JSON: {"url", "control"}.
func NewCommand() *cobra.Command {
	var o options
	command := &cobra.Command{
		Use:          "proxy",
		Short:        "passes requests on to an API server, with faults by rules",
		Args:         cobra.NoArgs,
		SilenceUsage: true,
		RunE:         func(command *cobra.Command, _ []string) error { return run(command.Context(), o) },
	}
	flags := command.Flags()
	flags.StringVar(&o.kubeconfig, "kubeconfig", "", "the API server behind the proxy")
	flags.StringVar(&o.out, "out", "", "file for the same kubeconfig with the proxy's address")
	flags.BoolVar(&o.plain, "plain", false, "HTTP towards the client instead of TLS")
	flags.Uint64Var(&o.seed, "seed", 1, "of rules with a chance")
	flags.IntVar(&o.owner, "owner", 0, "process with whose end the proxy ends; 0: none")
	_ = command.MarkFlagRequired("kubeconfig")
	_ = command.MarkFlagRequired("out")
	return command
}

func run(ctx context.Context, o options) error {
	config, err := clientcmd.LoadFromFile(o.kubeconfig)
	if err != nil {
		return err
	}
	cluster := config.Clusters[config.Contexts[config.CurrentContext].Cluster]
	server, err := url.Parse(cluster.Server)
	if err != nil {
		return err
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(cluster.CertificateAuthorityData)
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, ForceAttemptHTTP2: true,
		MaxIdleConnsPerHost: 1000, DisableCompression: true}
	p := &proxy{
		rules:   &rules{random: rand.New(rand.NewPCG(o.seed, 0))},
		journal: &journal{inFlight: map[*Record]bool{}},
		forward: &httputil.ReverseProxy{
			Transport:     transport,
			FlushInterval: -1, // a watch's events go on at once
			Rewrite:       func(r *httputil.ProxyRequest) { r.SetURL(server) },
			ErrorLog:      log.New(io.Discard, "", 0),
			ErrorHandler: func(http.ResponseWriter, *http.Request, error) {
				panic(http.ErrAbortHandler) // a server that is away is away for the client, too
			},
		},
	}

	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	control, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	front := &http.Server{Handler: p, ConnContext: withConnection, ErrorLog: log.New(io.Discard, "", 0)}
	cluster.CertificateAuthorityData = nil
	cluster.Server = "http://" + listener.Addr().String()
	if o.plain {
		front.Protocols = new(http.Protocols)
		front.Protocols.SetHTTP1(true)
		front.Protocols.SetUnencryptedHTTP2(true)
	} else {
		certificate, authority, err := selfSigned()
		if err != nil {
			return err
		}
		front.TLSConfig = &tls.Config{Certificates: []tls.Certificate{certificate}}
		cluster.CertificateAuthorityData = authority
		cluster.Server = "https://" + listener.Addr().String()
	}
	if err := clientcmd.WriteToFile(*config, o.out); err != nil {
		return err
	}

	failed := make(chan error, 3)
	go func() { failed <- http.Serve(control, p.controlHandler()) }()
	go func() {
		if o.plain {
			failed <- front.Serve(listener)
		} else {
			failed <- front.ServeTLS(listener, "", "")
		}
	}()
	if o.owner > 0 {
		go func() { failed <- waitFor(o.owner) }()
	}
	if err := json.NewEncoder(os.Stdout).Encode(map[string]string{
		"url": cluster.Server, "control": "http://" + control.Addr().String()}); err != nil {
		return err
	}
	select {
	case <-ctx.Done():
		return nil
	case err := <-failed:
		return err
	}
}

// waitFor returns when the process has ended.
func waitFor(pid int) error {
	fd, err := unix.PidfdOpen(pid, 0)
	if errors.Is(err, unix.ESRCH) {
		return nil
	} else if err != nil {
		return err
	}
	for {
		_, err = unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, -1)
		if !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}

// selfSigned is a new certificate for loopback that is its own authority.
func selfSigned() (tls.Certificate, []byte, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), crand.Reader)
	if err != nil {
		return tls.Certificate{}, nil, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: "fault-proxy"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(1, 0, 0),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, DNSNames: []string{"localhost"},
		KeyUsage:    x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(crand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return tls.Certificate{}, nil, err
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key},
		pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), nil
}
