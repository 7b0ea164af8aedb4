// Package kubelet is a kubelet without containers, and the scheduler of its one node.
package kubelet

import (
	"context"
	"fmt"
	"os"

	"github.com/spf13/cobra"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/scheme"
	typedcorev1 "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/record"
)

// NewCommand is `cluster kubelet`. It writes the file --ready once its node is there.
func NewCommand() *cobra.Command {
	var kubeconfig, node, ready string
	command := &cobra.Command{
		Use:          "kubelet",
		Short:        "binds all pods to one node and gives them the status that their annotations ask for",
		Args:         cobra.NoArgs,
		SilenceUsage: true,
		RunE: func(command *cobra.Command, _ []string) error {
			config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
			if err != nil {
				return err
			}
			config.QPS = -1
			config.ContentType = "application/vnd.kubernetes.protobuf"
			config.UserAgent = "kubelet/fake" // the field manager is its first part
			return serve(command.Context(), config, node, ready)
		},
	}
	command.Flags().StringVar(&kubeconfig, "kubeconfig", "", "the cluster and who we are to it")
	command.Flags().StringVar(&node, "node", "node-1", "name of the node")
	command.Flags().StringVar(&ready, "ready", "", "a file that is written when the node is there")
	_ = command.MarkFlagRequired("kubeconfig")
	return command
}

func serve(ctx context.Context, config *rest.Config, node, ready string) error {
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	if err := registerNode(ctx, client, node); err != nil {
		return fmt.Errorf("register the node: %w", err)
	}
	if ready != "" {
		if err := os.WriteFile(ready, nil, 0o600); err != nil {
			return err
		}
	}
	broadcaster := record.NewBroadcaster(record.WithContext(ctx))
	broadcaster.StartRecordingToSink(&typedcorev1.EventSinkImpl{Interface: client.CoreV1().Events("")})
	k := &kubelet{client: client, node: node,
		events:    broadcaster.NewRecorder(scheme.Scheme, corev1.EventSource{Component: "kubelet", Host: node}),
		scheduler: broadcaster.NewRecorder(scheme.Scheme, corev1.EventSource{Component: "default-scheduler"}),
	}
	return k.run(ctx)
}
