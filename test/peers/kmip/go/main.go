// A KMIP server for the tests, on an independent codec: go run . ADDRESS CA CERTIFICATE KEY
//
// Keys live in memory and belong to the common name of the client certificate that made them. The environment changes
// what it does: USER_PASSWORD=user:password is demanded of every request; VERSIONS=1.0,1.2 are the ones it speaks;
// FAIL=31,4 are operations, by their number, that end in a general failure.
package main

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"log"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/ovh/kmip-go"
	"github.com/ovh/kmip-go/kmipserver"
	"github.com/ovh/kmip-go/payloads"
)

type managed struct {
	owner      string
	material   []byte
	usage      kmip.CryptographicUsageMask
	state      kmip.State
	made       time.Time
	replacedBy string
	replaces   string
}

type store struct {
	sync.Mutex
	keys map[string]*managed
	last int
}

func (s *store) add(owner string, bits int, usage kmip.CryptographicUsageMask, state kmip.State) (string, *managed) {
	s.last++
	id := fmt.Sprintf("peer-%d", s.last)
	key := &managed{owner: owner, material: make([]byte, bits/8), usage: usage, state: state, made: time.Now()}
	if _, err := rand.Read(key.material); err != nil {
		log.Fatal(err)
	}
	s.keys[id] = key
	return id, key
}

// The key, if the client owns it: to others it does not exist.
func (s *store) find(ctx context.Context, id string) (*managed, error) {
	if key, ok := s.keys[id]; ok && key.owner == identity(ctx) {
		return key, nil
	}
	return nil, kmipserver.Errorf(kmip.ResultReasonItemNotFound, "no object %s", id)
}

func identity(ctx context.Context) string {
	return kmipserver.PeerCertificates(ctx)[0].Subject.CommonName
}

func gcm(key *managed) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key.material)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

// Routes an operation, one at a time.
func serve[Asked, Answer kmip.OperationPayload](s *store, router *kmipserver.BatchExecutor, operation kmip.Operation, answer func(context.Context, Asked) (Answer, error)) {
	fails := slices.Contains(strings.Split(os.Getenv("FAIL"), ","), strconv.Itoa(int(operation)))
	router.Route(operation, kmipserver.HandleFunc(func(ctx context.Context, asked Asked) (none Answer, err error) {
		s.Lock()
		defer s.Unlock()
		if fails {
			return none, kmipserver.Errorf(kmip.ResultReasonGeneralFailure, "made to fail")
		}
		return answer(ctx, asked)
	}))
}

func routes(s *store, router *kmipserver.BatchExecutor) {
	offered := []kmip.Operation{
		kmip.OperationCreate, kmip.OperationActivate, kmip.OperationLocate, kmip.OperationGetAttributes, kmip.OperationReKey,
		kmip.OperationRevoke, kmip.OperationDestroy, kmip.OperationQuery, kmip.OperationEncrypt, kmip.OperationDecrypt,
	}
	serve(s, router, kmip.OperationQuery, func(context.Context, *payloads.QueryRequestPayload) (*payloads.QueryResponsePayload, error) {
		return &payloads.QueryResponsePayload{Operations: offered, ObjectType: []kmip.ObjectType{kmip.ObjectTypeSymmetricKey}, VendorIdentification: "kmip-go peer"}, nil
	})
	serve(s, router, kmip.OperationCreate, func(ctx context.Context, asked *payloads.CreateRequestPayload) (*payloads.CreateResponsePayload, error) {
		bits, usage := 256, kmip.CryptographicUsageMask(0)
		for _, attribute := range asked.TemplateAttribute.Attribute {
			switch value := attribute.AttributeValue.(type) {
			case int32:
				bits = int(value)
			case kmip.CryptographicUsageMask:
				usage = value
			}
		}
		id, _ := s.add(identity(ctx), bits, usage, kmip.StatePreActive)
		return &payloads.CreateResponsePayload{ObjectType: asked.ObjectType, UniqueIdentifier: id}, nil
	})
	serve(s, router, kmip.OperationActivate, func(ctx context.Context, asked *payloads.ActivateRequestPayload) (*payloads.ActivateResponsePayload, error) {
		key, err := s.find(ctx, asked.UniqueIdentifier)
		if err != nil {
			return nil, err
		}
		if key.state != kmip.StatePreActive {
			return nil, kmipserver.Errorf(kmip.ResultReasonPermissionDenied, "not pre-active")
		}
		key.state = kmip.StateActive
		return &payloads.ActivateResponsePayload{UniqueIdentifier: asked.UniqueIdentifier}, nil
	})
	serve(s, router, kmip.OperationLocate, func(ctx context.Context, _ *payloads.LocateRequestPayload) (*payloads.LocateResponsePayload, error) {
		found := []string{}
		for id, key := range s.keys {
			if key.owner == identity(ctx) {
				found = append(found, id)
			}
		}
		return &payloads.LocateResponsePayload{UniqueIdentifier: found}, nil
	})
	serve(s, router, kmip.OperationGetAttributes, func(ctx context.Context, asked *payloads.GetAttributesRequestPayload) (*payloads.GetAttributesResponsePayload, error) {
		key, err := s.find(ctx, asked.UniqueIdentifier)
		if err != nil {
			return nil, err
		}
		answer := &payloads.GetAttributesResponsePayload{UniqueIdentifier: asked.UniqueIdentifier}
		for name, value := range map[kmip.AttributeName]any{
			kmip.AttributeNameObjectType:             kmip.ObjectTypeSymmetricKey,
			kmip.AttributeNameCryptographicAlgorithm: kmip.CryptographicAlgorithmAES,
			kmip.AttributeNameCryptographicLength:    int32(len(key.material) * 8),
			kmip.AttributeNameCryptographicUsageMask: key.usage,
			kmip.AttributeNameState:                  key.state,
			kmip.AttributeNameInitialDate:            key.made,
		} {
			if slices.Contains(asked.AttributeName, name) {
				answer.Attribute = append(answer.Attribute, kmip.Attribute{AttributeName: name, AttributeValue: value})
			}
		}
		for link, other := range map[kmip.LinkType]string{kmip.LinkTypeReplacementObjectLink: key.replacedBy, kmip.LinkTypeReplacedObjectLink: key.replaces} {
			if other != "" && slices.Contains(asked.AttributeName, kmip.AttributeNameLink) {
				answer.Attribute = append(answer.Attribute, kmip.Attribute{AttributeName: kmip.AttributeNameLink, AttributeValue: kmip.Link{LinkType: link, LinkedObjectIdentifier: other}})
			}
		}
		return answer, nil
	})
	serve(s, router, kmip.OperationReKey, func(ctx context.Context, asked *payloads.RekeyRequestPayload) (*payloads.RekeyResponsePayload, error) {
		old, err := s.find(ctx, asked.UniqueIdentifier)
		if err != nil {
			return nil, err
		}
		id, key := s.add(old.owner, len(old.material)*8, old.usage, old.state)
		old.replacedBy, key.replaces = id, asked.UniqueIdentifier
		return &payloads.RekeyResponsePayload{UniqueIdentifier: id}, nil
	})
	serve(s, router, kmip.OperationRevoke, func(ctx context.Context, asked *payloads.RevokeRequestPayload) (*payloads.RevokeResponsePayload, error) {
		key, err := s.find(ctx, asked.UniqueIdentifier)
		if err != nil {
			return nil, err
		}
		key.state = kmip.StateDeactivated
		if asked.RevocationReason.RevocationReasonCode == kmip.RevocationReasonCodeKeyCompromise {
			key.state = kmip.StateCompromised
		}
		return &payloads.RevokeResponsePayload{UniqueIdentifier: asked.UniqueIdentifier}, nil
	})
	serve(s, router, kmip.OperationDestroy, func(ctx context.Context, asked *payloads.DestroyRequestPayload) (*payloads.DestroyResponsePayload, error) {
		key, err := s.find(ctx, asked.UniqueIdentifier)
		if err != nil {
			return nil, err
		}
		if key.state == kmip.StateActive {
			return nil, kmipserver.Errorf(kmip.ResultReasonPermissionDenied, "active")
		}
		delete(s.keys, asked.UniqueIdentifier)
		return &payloads.DestroyResponsePayload{UniqueIdentifier: asked.UniqueIdentifier}, nil
	})
	serve(s, router, kmip.OperationEncrypt, func(ctx context.Context, asked *payloads.EncryptRequestPayload) (*payloads.EncryptResponsePayload, error) {
		key, err := s.find(ctx, asked.UniqueIdentifier)
		if err != nil {
			return nil, err
		}
		sealer, err := gcm(key)
		if err != nil {
			return nil, err
		}
		if key.state != kmip.StateActive {
			return nil, kmipserver.Errorf(kmip.ResultReasonPermissionDenied, "not active")
		}
		if len(asked.IVCounterNonce) != sealer.NonceSize() {
			return nil, kmipserver.Errorf(kmip.ResultReasonInvalidField, "12 bytes of IV are needed")
		}
		sealed := sealer.Seal(nil, asked.IVCounterNonce, asked.Data, asked.AuthenticatedEncryptionAdditionalData)
		end := len(asked.Data)
		return &payloads.EncryptResponsePayload{UniqueIdentifier: asked.UniqueIdentifier, Data: sealed[:end], AuthenticatedEncryptionTag: sealed[end:]}, nil
	})
	serve(s, router, kmip.OperationDecrypt, func(ctx context.Context, asked *payloads.DecryptRequestPayload) (*payloads.DecryptResponsePayload, error) {
		key, err := s.find(ctx, asked.UniqueIdentifier)
		if err != nil {
			return nil, err
		}
		opener, err := gcm(key)
		if err != nil {
			return nil, err
		}
		if key.state != kmip.StateActive {
			return nil, kmipserver.Errorf(kmip.ResultReasonPermissionDenied, "not active")
		}
		if len(asked.IVCounterNonce) != opener.NonceSize() {
			return nil, kmipserver.Errorf(kmip.ResultReasonInvalidField, "12 bytes of IV are needed")
		}
		plain, err := opener.Open(nil, asked.IVCounterNonce, slices.Concat(asked.Data, asked.AuthenticatedEncryptionTag), asked.AuthenticatedEncryptionAdditionalData)
		if err != nil {
			return nil, kmipserver.Errorf(kmip.ResultReasonCryptographicFailure, "it does not open")
		}
		return &payloads.DecryptResponsePayload{UniqueIdentifier: asked.UniqueIdentifier, Data: plain}, nil
	})
}

// Refuses requests without the credential that is demanded.
func demand(credential string) kmipserver.Middleware {
	return func(next kmipserver.Next, ctx context.Context, request *kmip.RequestMessage) (*kmip.ResponseMessage, error) {
		given := request.Header.Authentication
		if given == nil || given.Credential.CredentialValue.UserPassword == nil {
			return nil, kmipserver.Errorf(kmip.ResultReasonAuthenticationNotSuccessful, "no credential")
		}
		// As careless servers do: it repeats what it was told.
		who := given.Credential.CredentialValue.UserPassword
		if who.Username+":"+who.Password != credential {
			return nil, kmipserver.Errorf(kmip.ResultReasonAuthenticationNotSuccessful, "wrong credential %s:%s", who.Username, who.Password)
		}
		return next(ctx, request)
	}
}

func versions(text string) (found []kmip.ProtocolVersion) {
	for _, each := range strings.Split(text, ",") {
		var version kmip.ProtocolVersion
		if _, err := fmt.Sscanf(each, "%d.%d", &version.ProtocolVersionMajor, &version.ProtocolVersionMinor); err != nil {
			log.Fatal(err)
		}
		found = append(found, version)
	}
	return found
}

func main() {
	address, ca, certificate, key := os.Args[1], os.Args[2], os.Args[3], os.Args[4]
	own, err := tls.LoadX509KeyPair(certificate, key)
	if err != nil {
		log.Fatal(err)
	}
	trusted, err := os.ReadFile(ca)
	if err != nil {
		log.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(trusted)
	listener, err := tls.Listen("tcp", address, &tls.Config{Certificates: []tls.Certificate{own}, ClientCAs: pool, ClientAuth: tls.RequireAndVerifyClientCert, MinVersion: tls.VersionTLS12})
	if err != nil {
		log.Fatal(err)
	}
	router := kmipserver.NewBatchExecutor()
	if credential := os.Getenv("USER_PASSWORD"); credential != "" {
		router.Use(demand(credential))
	}
	if spoken := os.Getenv("VERSIONS"); spoken != "" {
		router.SetSupportedProtocolVersions(versions(spoken)...)
	}
	routes(&store{keys: map[string]*managed{}}, router)
	fmt.Println("listening on", listener.Addr())
	log.Fatal(kmipserver.NewServer(listener, router).Serve())
}
