// Turns the OASIS test cases that github.com/ovh/kmip-go v0.8.1 holds as XML into TTLV by its own encoder:
//
//	go run convert.go FOLDER_OF_KMIPTEST_TESTDATA > messages.txt
//
// A line "# version/file" for each case, then one message a line, in hexadecimal. $NOW is 1700000000, other variables
// are DEADBEEFCAFE, so that a run gives the same bytes each time. Cases that kmip-go can not read itself are left out.
package main

import (
	"bufio"
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"time"

	"github.com/ovh/kmip-go/kmiptest"
	"github.com/ovh/kmip-go/ttlv"
)

var nowRe = regexp.MustCompile(`"\$NOW((\-|\+)\d+)?"`)
var varRe = regexp.MustCompile(`"\$[A-Za-z0-9_]+"`)

func main() {
	root := os.Args[1]
	w := bufio.NewWriter(os.Stdout)
	defer w.Flush()
	for _, v := range kmiptest.TestCaseVersions {
		es, _ := os.ReadDir(root + "/" + v)
		for _, e := range es {
			name := v + "/" + e.Name()
			if slices.Contains(kmiptest.UnsupportedTestCases, name) {
				fmt.Fprintln(os.Stderr, "unsupported", name)
				continue
			}
			f, _ := os.ReadFile(root + "/" + name)
			f = nowRe.ReplaceAllFunc(f, func(b []byte) []byte {
				off := int64(0)
				if len(b) > 6 {
					off, _ = strconv.ParseInt(string(b[5:len(b)-1]), 10, 64)
				}
				t := time.Unix(1700000000+off, 0).UTC()
				return append(t.AppendFormat([]byte{'"'}, time.RFC3339), '"')
			})
			f = varRe.ReplaceAll(f, []byte(`"DEADBEEFCAFE"`))
			ts := kmiptest.TestSuite{Version: v, File: e.Name()}
			if err := xml.Unmarshal(f, &ts); err != nil {
				fmt.Fprintln(os.Stderr, "ERR", name, err)
				continue
			}
			fmt.Fprintln(w, "#", name)
			for _, tc := range ts.TestCases {
				fmt.Fprintln(w, hex.EncodeToString(ttlv.MarshalTTLV(tc.RequestMessage)))
				fmt.Fprintln(w, hex.EncodeToString(ttlv.MarshalTTLV(tc.ResponseMessage)))
			}
		}
	}
}
