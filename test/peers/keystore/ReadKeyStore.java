import java.io.FileInputStream;
import java.nio.charset.StandardCharsets;
import java.security.Key;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.util.Base64;
import java.util.Collections;
import java.util.HexFormat;

/** Prints one line for each entry of a PKCS12 KeyStore: base64 of the alias, kind, creation time, algorithm, key bytes, certificates. */
public class ReadKeyStore {
    public static void main(String[] arguments) throws Exception {
        char[] password = arguments[1].toCharArray();
        KeyStore store = KeyStore.getInstance("PKCS12");
        try (FileInputStream file = new FileInputStream(arguments[0])) {
            store.load(file, password);
        }
        for (String alias : Collections.list(store.aliases())) {
            String name = Base64.getEncoder().encodeToString(alias.getBytes(StandardCharsets.UTF_8));
            String kind = store.entryInstanceOf(alias, KeyStore.SecretKeyEntry.class) ? "secret-key"
                : store.entryInstanceOf(alias, KeyStore.PrivateKeyEntry.class) ? "private-key" : "certificate";
            Key key = store.getKey(alias, password);
            String algorithm = key == null ? "-" : key.getAlgorithm();
            String bytes = key == null ? "-" : HexFormat.of().formatHex(key.getEncoded());
            StringBuilder certificates = new StringBuilder();
            Certificate[] chain = store.getCertificateChain(alias);
            if (chain != null) for (Certificate each : chain) certificates.append(HexFormat.of().formatHex(each.getEncoded()));
            System.out.println(String.join(" ", name, kind, Long.toString(store.getCreationDate(alias).getTime()),
                algorithm, bytes, certificates.length() == 0 ? "-" : certificates));
        }
    }
}
