// cluster is the control plane of a test cluster in one program: the first argument, or the name it is called by,
// chooses which part this process is.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
	"go.etcd.io/etcd/server/v3/etcdmain"
	"k8s.io/component-base/cli"
	_ "k8s.io/component-base/metrics/prometheus/clientgo"
	_ "k8s.io/component-base/metrics/prometheus/version"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllers "k8s.io/kubernetes/cmd/kube-controller-manager/app"

	"slipway/tests/cluster/kubelet"
	"slipway/tests/cluster/proxy"
)

const usage = "usage: cluster etcd|kube-apiserver|kube-controller-manager|kubelet|proxy [ARGUMENTS]"

// The commands register their flags globally, so only the chosen one is made.
var parts = map[string]func() *cobra.Command{
	"kube-apiserver":          apiserver.NewAPIServerCommand,
	"kube-controller-manager": controllers.NewControllerManagerCommand,
	"kubelet":                 kubelet.NewCommand,
	"proxy":                   proxy.NewCommand,
}

func main() {
	// A link that is called like a part is that part: the folder of programs looks like envtest's.
	part := filepath.Base(os.Args[0])
	if part != "etcd" && parts[part] == nil {
		if len(os.Args) < 2 {
			fmt.Fprintln(os.Stderr, usage)
			os.Exit(2)
		}
		part = os.Args[1]
		os.Args = append([]string{part}, os.Args[2:]...)
	}
	if part == "etcd" {
		etcdmain.Main(os.Args)
		return
	}
	newCommand := parts[part]
	if newCommand == nil {
		fmt.Fprintln(os.Stderr, usage)
		os.Exit(2)
	}
	os.Exit(cli.Run(newCommand()))
}
