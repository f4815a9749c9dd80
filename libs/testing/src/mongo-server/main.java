import de.bwaldvogel.mongo.MongoServer;
import de.bwaldvogel.mongo.MongoVersion;
import de.bwaldvogel.mongo.backend.h2.H2Backend;
import java.util.List;

/** Serves an empty database on loopback, prints its port, and ends when its standard input does. */
class Main {
  public static void main(String[] arguments) throws Exception {
    var server = new MongoServer(H2Backend.inMemory().version(new Version()));
    server.bind("127.0.0.1", 0);
    System.out.println(server.getLocalAddress().getPort());
    while (System.in.read() >= 0) {}
    server.shutdownNow();
  }
}

/** What the driver asks for: the server itself says that it is older. */
class Version implements MongoVersion {
  public List<Integer> getVersionArray() {
    return List.of(5, 0, 0);
  }

  public int getWireVersion() {
    return 13;
  }
}
