// Package changes signals that objects of the cluster have changed.
package changes

import "k8s.io/client-go/tools/cache"

// Signal holds one signal at most: what comes meanwhile is merged into it.
type Signal chan struct{}

// Of signals every change of some informers' objects.
func Of(informers ...cache.SharedIndexInformer) (Signal, error) {
	changed := make(Signal, 1)
	for _, informer := range informers {
		_, err := informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
			AddFunc:    func(any) { changed.Give() },
			UpdateFunc: func(any, any) { changed.Give() },
			DeleteFunc: func(any) { changed.Give() },
		})
		if err != nil {
			return nil, err
		}
	}
	return changed, nil
}

// Give signals a change; it never blocks.
func (s Signal) Give() {
	select {
	case s <- struct{}{}:
	default:
	}
}
